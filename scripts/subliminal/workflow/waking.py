"""Keeping Snakemake's scheduler from waking ever more often.

Its limit of jobs per timespan starts a timer whenever jobs are selected, also when it was a timer
that asked for it. None of them ends, so after n jobs it looks through all jobs n times per second.
"""

from __future__ import annotations

import threading
from typing import Any


def wake_once(scheduler: type[Any]) -> None:
    """Let no timer start while another one is waiting.

    Args:
        scheduler: Snakemake's class; one that has no such timers is left as it is.
    """
    if not hasattr(scheduler, "_schedule_reevalutation"):
        return
    waiting: set[Any] = set()

    def schedule(self: Any, delay: float) -> None:
        def wake() -> None:
            waiting.discard(self)
            self._open_jobs.release()

        if self not in waiting:
            waiting.add(self)
            timer = threading.Timer(delay, wake)
            timer.daemon = True  # the end of a run does not wait for it
            timer.start()

    scheduler._schedule_reevalutation = schedule
