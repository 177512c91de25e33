"""Telling of jobs that fail, also where Snakemake is to be quiet about rules.

`quiet: rules` is meant for the many lines that announce jobs. Snakemake drops the errors of jobs as
well, from the terminal and from its log, and `show-failed-logs` with them. That in turn ends at the
first file that is missing or empty, as the job's own is when Slurm has ended it: Slurm's is next.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def tell_job_errors(log_filter: type[Any]) -> None:
    """Let the errors of jobs through, unless Snakemake is to say nothing at all.

    Args:
        log_filter: Snakemake's class, whose objects have what it is quiet about.
    """
    from snakemake.settings.enums import Quietness
    from snakemake_interface_logger_plugins.common import LogEvent

    rest = log_filter.filter

    def is_told(self: Any, record: Any) -> bool:
        is_error = getattr(record, "event", None) in (LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR)
        if getattr(record, "log", None) and is_error:
            record.log = sorted(record.log, key=_says_nothing)
        return (is_error and Quietness.ALL not in self.quiet) or rest(self, record)

    log_filter.filter = is_told


def _says_nothing(log: str) -> bool:
    """Whether a log is missing or empty."""
    return not (Path(log).is_file() and Path(log).stat().st_size)
