"""Whether a value of the paper is reproduced: rules, and nothing that is written by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from subliminal.replication.expected import Expected

REPRODUCED = "reproduced"
SAME_DIRECTION = "same direction"
NOT_REPRODUCED = "not reproduced"
NOT_RUN = "not run"
VERDICTS = (REPRODUCED, SAME_DIRECTION, NOT_REPRODUCED, NOT_RUN)


@dataclass(frozen=True)
class Ours:
    """A value of this run.

    Attributes:
        low, high: its 95 % interval; nan where it has none.
        n: what the interval is over, or the value is a mean of.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 1

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval; the value alone where it has none."""
        return (self.value, self.value) if math.isnan(self.low) else (self.low, self.high)


def verdict(paper: Expected, ours: Ours) -> str:
    """The verdict on one value.

    `equal`: the intervals overlap, or come as close as `within`; a value without an interval is a
    point. `at least`, `at most`: our value is, give or take `within`. `rises`, `falls`: our whole
    interval is above or below 0. `none`: our interval holds 0, or our value is within
    `within` of it.

    *Same direction*: not so, but ours lies on the same side of no effect as the paper's.
    """
    if _holds(paper, ours):
        return REPRODUCED
    return SAME_DIRECTION if _same_side(paper, ours) else NOT_REPRODUCED


def _holds(paper: Expected, ours: Ours) -> bool:
    low, high = ours.bounds
    within, value = paper.within or 0.0, paper.value if paper.value is not None else 0.0
    match paper.rule:
        case "equal":
            least = paper.low if paper.low is not None else value
            most = paper.high if paper.high is not None else value
            return low - within <= most and high + within >= least
        case "at least":
            return ours.value >= value - within
        case "at most":
            return ours.value <= value + within
        case "rises":
            return low > 0
        case "falls":
            return high < 0
        case "none":
            return low <= 0 <= high or abs(ours.value) <= within


def _same_side(paper: Expected, ours: Ours) -> bool:
    match paper.rule:
        case "rises":
            return ours.value > 0
        case "falls":
            return ours.value < 0
        case "none":
            return False
        case _:
            if paper.null is None or paper.value is None:
                return False
            return (ours.value - paper.null) * (paper.value - paper.null) > 0
