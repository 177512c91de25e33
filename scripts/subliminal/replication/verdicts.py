"""Whether what the paper says is reproduced: rules, and nothing that is written by hand."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from subliminal.replication.counterparts import Wanted

REPRODUCED = "reproduced"
SAME_DIRECTION = "same direction"
NOT_REPRODUCED = "not reproduced"
NOT_RUN = "not run"
VERDICTS = (REPRODUCED, SAME_DIRECTION, NOT_REPRODUCED, NOT_RUN)

MOST_NAMED = 3
NO_INTERVAL = "too few runs for an interval"
# Bounds that a sum misses by rounding alone are reached.
_ROUNDING = 1e-9


class Verdict(NamedTuple):
    """A verdict and why; nothing where it goes without saying."""

    word: str
    why: str = ""


@dataclass(frozen=True)
class Ours:
    """A value of this run.

    Attributes:
        low, high: its 95 % interval; nan where it has none.
        n: what the interval is over, or the value is a mean of.
        exact: it has no interval by its nature, such as a share of a whole dataset.
        void: why it says nothing, such as a gate that failed; empty if it does.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    n: int = 1
    exact: bool = False
    void: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval: the value alone where it is exact, nan where there are too few runs."""
        return (self.value, self.value) if self.exact else (self.low, self.high)


def said(value: float) -> str:
    """A number in a reason."""
    return f"{value:.3g}"


def untested(reason: str) -> Verdict:
    """The verdict on what was run and says nothing, such as where a gate failed."""
    return Verdict(NOT_RUN, f"could not be tested: {reason}")


def verdict(wanted: Wanted, ours: Ours) -> Verdict:
    """The verdict on one value; *not run* where ours says nothing.

    `equal`: our value lies in the paper's interval, or within `within` of it, and where there is
    a value for no effect, our interval lies beyond it on the paper's side. `at least`, `at most`:
    so does our whole interval. `rises`, `falls`: our whole interval lies above or below 0.
    `none`: our whole interval is within `within` of 0. A wide interval never helps.

    *Same direction*: not so, but our value is as the rule says, or on the paper's side of no
    effect.
    """
    if ours.void:
        return untested(ours.void)
    low, high = ours.bounds
    if math.isnan(low) and wanted.one_run:
        low = high = ours.value
    interval = (low, high)
    match wanted.rule:
        case "equal":
            return _equal(wanted, ours.value, interval)
        case "at least":
            return _bounded(wanted, ours.value, interval, 1)
        case "at most":
            return _bounded(wanted, ours.value, interval, -1)
        case "rises":
            return _directed(ours.value, interval, 1)
        case "falls":
            return _directed(ours.value, interval, -1)
        case "none":
            return _no_difference(wanted.within, ours.value, interval)


def _reaches(interval: tuple[float, float], bound: float) -> str:
    """Why an interval decides nothing about a bound."""
    low, high = interval
    if math.isnan(low):
        return NO_INTERVAL
    return f"our interval, {said(low)} to {said(high)}, reaches {said(bound)}"


def _beyond(interval: tuple[float, float], bound: float, side: int) -> bool:
    """Whether a whole interval lies above a bound (side 1) or below it (-1)."""
    low, high = interval
    return low > bound if side > 0 else high < bound


def _equal(wanted: Wanted, value: float, interval: tuple[float, float]) -> Verdict:
    least, most = wanted.low - wanted.within, wanted.high + wanted.within
    near = least - _ROUNDING <= value <= most + _ROUNDING
    outside = "" if near else f"not within {said(least)} to {said(most)}"
    if wanted.null is None:
        return Verdict(NOT_REPRODUCED, outside) if outside else Verdict(REPRODUCED)
    side = 1 if wanted.value > wanted.null else -1
    if (value - wanted.null) * side <= 0:
        where = "above" if side > 0 else "below"
        return Verdict(NOT_REPRODUCED, f"not {where} {said(wanted.null)}, no effect")
    unsure = "" if _beyond(interval, wanted.null, side) else _reaches(interval, wanted.null)
    if why := "; ".join(part for part in (outside, unsure) if part):
        return Verdict(SAME_DIRECTION, why)
    return Verdict(REPRODUCED)


def _bounded(wanted: Wanted, value: float, interval: tuple[float, float], side: int) -> Verdict:
    bound = wanted.value - side * wanted.within
    if _beyond(interval, bound - side * _ROUNDING, side):
        return Verdict(REPRODUCED)
    if (value - bound) * side >= -_ROUNDING:
        return Verdict(SAME_DIRECTION, f"only the mean: {_reaches(interval, bound)}")
    why = f"{'below' if side > 0 else 'above'} {said(bound)}"
    if wanted.null is not None and (value - wanted.null) * side > 0:
        return Verdict(SAME_DIRECTION, why)
    return Verdict(NOT_REPRODUCED, why)


def _directed(value: float, interval: tuple[float, float], side: int) -> Verdict:
    if _beyond(interval, 0.0, side):
        return Verdict(REPRODUCED)
    if value * side > 0:
        return Verdict(SAME_DIRECTION, _reaches(interval, 0.0))
    return Verdict(NOT_REPRODUCED, f"not {'above' if side > 0 else 'below'} 0")


def _no_difference(within: float, value: float, interval: tuple[float, float]) -> Verdict:
    low, high = interval
    if -within - _ROUNDING <= low and high <= within + _ROUNDING:
        return Verdict(REPRODUCED)
    nearest = within if high > within else -within
    why = _reaches(interval, nearest)
    if abs(value) <= within:
        return Verdict(SAME_DIRECTION, f"only the mean: {why}")
    if low <= 0 <= high:
        return Verdict(NOT_REPRODUCED, f"not told apart from 0, nor from {said(value)}")
    return Verdict(NOT_REPRODUCED, f"more than {said(within)} from 0")


def of_all(verdicts: Sequence[tuple[str, Verdict]]) -> Verdict:
    """The verdict on a claim about several comparisons, by their names.

    *Reproduced*: all are. *Same direction*: more than half are, or have the same direction. *Not
    reproduced*: half of them or more are not. *Not run*: too few were tested to say either.

    Raises:
        ValueError: there are no comparisons.
    """
    if not verdicts:
        raise ValueError("a claim needs at least one comparison")
    missed = [(name, found) for name, found in verdicts if found.word != REPRODUCED]
    if not missed:
        return Verdict(REPRODUCED)
    first = verdicts[0][1]
    if first.word == NOT_RUN and all(found == first for _, found in verdicts):
        return first
    words = Counter(found.word for _, found in verdicts)
    named = missed[:MOST_NAMED]
    reasons = [f"{name}: {found.why}" if name else found.why for name, found in named]
    if len(missed) > len(named):
        reasons.append(f"and {len(missed) - len(named)} more")
    if len(verdicts) > 1:
        reasons.insert(0, f"{len(verdicts) - len(missed)} of {len(verdicts)} comparisons hold")
    return Verdict(_of_most(words), "; ".join(reasons))


def _of_most(words: Counter[str]) -> str:
    """The verdict on a claim some of whose comparisons do not hold, by how many have which."""
    if 2 * (words[REPRODUCED] + words[SAME_DIRECTION]) > words.total():
        return SAME_DIRECTION
    return NOT_REPRODUCED if 2 * words[NOT_REPRODUCED] >= words.total() else NOT_RUN
