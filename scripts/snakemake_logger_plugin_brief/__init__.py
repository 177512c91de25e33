"""A logger plugin of Snakemake: a line per finished job, and the time that the run still takes.

It knows of the jobs by what the Snakefile announces. It writes plain lines, the same to a terminal
and to a file.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence

from snakemake.common import NOTHING_TO_BE_DONE_MSG
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from subliminal.workflow.announcement import ANNOUNCED, INTRODUCED
from subliminal.workflow.telling import Telling

LOOK_S = 1.0


class LogHandler(LogHandlerBase):
    """Writes what `Telling` makes of events, and any other warning and error as it comes."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False
    report: str | None = None  # of the run, once the Snakefile has been read
    has_built = False  # the report, in this run

    def __post_init__(self) -> None:
        """Watch the clock as well: during a long job no event comes."""
        self.telling: Telling | None = None
        self.ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the lines of an event."""
        try:
            self._write(self._lines(record, time.monotonic()))
        except Exception:  # as every handler does: a full disk or a closed terminal ends no run
            self.handleError(record)

    def close(self) -> None:
        """Say last of all which jobs have failed."""
        if not self.ended.is_set():
            self.ended.set()
            if self.telling is not None:
                self._write(self.telling.failures())
        super().close()

    def _lines(self, record: logging.LogRecord, now: float) -> Sequence[str]:
        fields, event = record.__dict__, getattr(record, "event", None)
        if event == INTRODUCED:
            type(self).report = fields["report"]
            return []
        if event == ANNOUNCED:
            self.telling = Telling(fields["run"], now)
            return self.telling.start()
        if self.telling is not None:
            if event == LogEvent.JOB_STARTED:
                return self.telling.started(fields["jobs"], now)
            if event == LogEvent.JOB_FINISHED:
                job = self.telling.run.jobs.get(fields["job_id"])
                type(self).has_built |= job is not None and job.rule == "build_report"
                return self.telling.finished(fields["job_id"], now)
            if event == LogEvent.JOB_ERROR:
                return self.telling.failed(fields["jobid"], now)
        message = record.getMessage()
        told = event == LogEvent.ERROR and "CalledProcessError" in message  # by the job's error
        wanted = record.levelno >= logging.WARNING or message == NOTHING_TO_BE_DONE_MSG
        return [message] if wanted and not told else []

    def _watch(self) -> None:
        while not self.ended.wait(LOOK_S):
            self.acquire()
            try:
                if self.telling is not None:
                    self._write(self.telling.look(time.monotonic()))
            except OSError:  # the terminal is gone
                return
            finally:
                self.release()

    def _write(self, lines: Sequence[str]) -> None:
        if lines:
            print(*lines, sep="\n", file=sys.stderr, flush=True)
