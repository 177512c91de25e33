"""The time that a run still takes, from the work that is left rather than from a count of jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

# For so long what was foreseen is believed, before this machine's own speed is.
BELIEVED_S = 10.0
# A job that takes longer than expected takes as much longer again.
OVERDUE = 0.1


class Lane(NamedTuple):
    """Jobs that wait for a provider's fine-tuning, and take no slot.

    Attributes:
        side_by_side: of the provider's, on average.
    """

    base: str
    side_by_side: float


@dataclass(frozen=True)
class Work:
    """A job's share of the run.

    Attributes:
        kind: jobs of one kind take about the same time.
        seconds: as far as is known before any has run; None for unknown.
        lane: of jobs that take no slot.
    """

    kind: tuple[str, str]
    seconds: float | None
    lane: Lane | None = None


def seconds_left(
    jobs: Mapping[int, Work],
    slots: int,
    took: Mapping[int, float],
    running: Mapping[int, float],
    stated: Mapping[int, float] = MappingProxyType({}),
) -> float | None:
    """Seconds until the last job ends; None if there are jobs of which nothing is known.

    Args:
        jobs: all of the run, by number.
        slots: jobs that run side by side.
        took: seconds of the jobs that have ended.
        running: seconds since the start of the jobs that have not.
        stated: seconds that running jobs say they will take at least.
    """
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number, seconds in took.items():
        seen[jobs[number].kind].append(seconds)
    here = [n for n in took if jobs[n].lane is None]
    known = [(took[n], jobs[n].seconds or 0.0) for n in here if jobs[n].seconds is not None]
    slowness = (sum(real for real, _ in known) + BELIEVED_S) / (
        sum(foreseen for _, foreseen in known) + BELIEVED_S
    )
    left: dict[Lane | None, list[float]] = defaultdict(list)
    for number, job in jobs.items():
        if number in took:
            continue
        if job.kind in seen:
            expected = median(seen[job.kind])  # the first of a run wait for the warm start
        elif job.seconds is not None:
            expected = job.seconds * (slowness if job.lane is None else 1.0)
        else:
            return None
        since = running.get(number, 0.0)
        rest = max(expected - since, since * OVERDUE, stated.get(number, 0.0))
        left[job.lane].append(rest)
    return max(
        (
            max(sum(rests) / (slots if lane is None else lane.side_by_side), *rests)
            for lane, rests in left.items()
        ),
        default=0.0,
    )


def duration(seconds: float) -> str:
    """Seconds in the unit in which they are easily read: `4 s`, `6 min`, `2.2 h`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.{1 if seconds < 99.5 * 3600 else 0}f} h"
