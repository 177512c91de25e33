"""What the terminal says of a run: plain lines for what happens to its jobs."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.config.text import one_line, printable
from subliminal.workflow.announcement import AnnouncedJob, AnnouncedRun
from subliminal.workflow.remaining import duration, seconds_left

# Shorter jobs get no line of their own, unless nothing else was said for as long as SILENCE_S.
SHORT_S = 2.0
SILENCE_S = 10.0
# A job that takes longer is spoken of while it runs, and again after as long.
LONG_S = 20.0
LINE = 100
# Facts of a manifest and how they are said; the first that it has.
FACTS = (
    (("held_out_loss_before", "held_out_loss_after"), "held-out loss {:.2f} → {:.2f}"),
    (("first_loss", "final_loss"), "loss {:.2f} → {:.2f}"),
    (("held_out_loss",), "held-out loss {:.2f}"),
    (("kept", "rows"), "{:,} of {:,} rows kept"),
    (("rows",), "{:,} rows"),
)


class Telling:
    """The state of a run, and the lines that its events are worth. Times are of one clock."""

    def __init__(self, run: AnnouncedRun, now: float) -> None:
        """Nothing has started yet."""
        self.run = run
        self.last = now
        self.running: dict[int, float] = {}
        self.told: dict[int, float] = {}
        self.took: dict[int, float] = {}
        self.failed_jobs: list[AnnouncedJob] = []
        self._digits = len(str(len(run.jobs)))

    def start(self) -> list[str]:
        """The run in short: experiments, jobs by rule, time."""
        jobs = self.run.jobs.values()
        rules = Counter(job.rule for job in jobs)
        table = self.run.timetable
        known = f"about {duration(table.seconds)}" if table.hosted and table.seconds else None
        time = known or self._time(self.last)
        time = time or "the time is known when a job of each rule has finished"
        return [
            f"{', '.join(self.run.experiments)}: {len(jobs)} job{'' if len(jobs) == 1 else 's'}, "
            f"{self.run.slots} side by side; {time}",
            "  " + " · ".join(f"{count} {rule}" for rule, count in rules.items()),
            *self.run.bill.lines(),
            *self.run.timetable.lines(),
            "Jobs of a few seconds are counted and not listed. Ctrl-C stops; the same command goes "
            "on from there.",
        ]

    def started(self, numbers: Iterable[int], now: float) -> list[str]:
        """Jobs have started."""
        for number in self.run.jobs.keys() & set(numbers):
            self.running[number] = self.told[number] = now
        return []

    def finished(self, number: int, now: float) -> list[str]:
        """A job has finished: a line, unless it was short."""
        job = self._ended(number, now)
        if job is None:
            return []
        took = self.took[number]
        if took < SHORT_S and now - self.last < SILENCE_S:
            return []
        facts = said_facts(job)
        said = f"{job.label}: {facts}" if facts else job.label
        return self._say(f"{self._count()} {said} · {duration(took)}", now)

    def failed(self, number: int, now: float) -> list[str]:
        """A job has failed: its log, whole."""
        job = self._ended(number, now)
        if job is None:
            return []
        self.failed_jobs.append(job)
        lines = [f"{self._count()} FAILED: {job.label}"]
        if job.log is not None:
            with suppress(OSError):
                text = Path(job.log).read_text(encoding="utf-8", errors="replace")
                lines += [f"    {line}" for line in printable(text).splitlines()]
        self.last = now
        return lines

    def look(self, now: float) -> list[str]:
        """A long job's own words, if nothing was said for a while."""
        waiting = {n: told for n, told in self.told.items() if now - told >= LONG_S}
        if now - self.last < SILENCE_S or not waiting:
            return []
        number = min(waiting, key=waiting.__getitem__)
        self.told[number] = now
        job = self.run.jobs[number]
        said = last_words(job) or f"{duration(now - self.running[number])} so far"
        return self._say(f"{' ' * len(self._count())} {job.label}: {said}", now)

    def failures(self) -> list[str]:
        """At the end: the jobs that have failed."""
        if not self.failed_jobs:
            return []
        logs = [f"  {job.label}: {job.log or 'no log'}" for job in self.failed_jobs]
        done = len(self.took) - len(self.failed_jobs)
        return [
            f"{done} of {len(self.run.jobs)} jobs have finished, {len(logs)} failed:",
            *logs,
            "Mend the cause and type the same command again: what has finished is kept.",
        ]

    def _ended(self, number: int, now: float) -> AnnouncedJob | None:
        if number not in self.running:
            return None
        self.took[number] = now - self.running.pop(number)
        del self.told[number]
        return self.run.jobs[number]

    def _count(self) -> str:
        return f"[{len(self.took):>{self._digits}}/{len(self.run.jobs)}]"

    def _time(self, now: float) -> str | None:
        running = {number: now - began for number, began in self.running.items()}
        work = {number: job.work for number, job in self.run.jobs.items()}
        stated = {number: stated_seconds(self.run.jobs[number]) for number in running}
        left = seconds_left(work, self.run.slots, self.took, running, stated)
        return None if left is None else f"about {duration(left)}"

    def _say(self, said: str, now: float) -> list[str]:
        self.last = now
        time = self._time(now) if len(self.took) < len(self.run.jobs) else None
        return [f"{said} · {time} left" if time else said]


def said_facts(job: AnnouncedJob) -> str:
    """The most telling facts of a finished job's manifest."""
    facts: Mapping[str, Any] = {}
    if job.manifest is not None:
        with suppress(ConfigError, OSError):
            facts = read_manifest(Path(job.manifest))["facts"]
    for keys, said in FACTS:
        values = [facts.get(key) for key in keys]
        if all(isinstance(value, int | float) for value in values):
            return said.format(*values)
    return ""


def last_words(job: AnnouncedJob) -> str:
    """The last line of a job's log, without its time and the job's name."""
    text = b""
    if job.log is not None:
        with suppress(OSError), open(job.log, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 8 * LINE))
            text = log.read()
    line = text.decode(errors="replace").rstrip().rpartition("\n")[2]
    return one_line(line.partition(": ")[2], LINE)


def stated_seconds(job: AnnouncedJob) -> float:
    """The seconds that a running job says it will take, for the step that it is at."""
    found = re.search(r"(\d+) s left$", last_words(job))
    return float(found[1]) if found else 0.0
