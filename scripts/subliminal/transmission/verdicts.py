"""The words of verdicts: tables hold them, and figures and findings read them there."""

from __future__ import annotations

# The conditions that a verdict compares, and the teachers beside them.
BASE, REGULAR, OTHER, TRAIT, TEACHER = "base", "regular", "other traits", "trait", "teacher"
CONDITIONS = (BASE, REGULAR, OTHER, TRAIT, TEACHER)

TRANSMISSION = "transmission"
ABOVE_REGULAR = "above regular"
NOT_SPECIFIC = "not specific"
NOT_TOLD_APART = "not told apart"
REVERSED = "reversed"
TOO_FEW = "too few runs"
JUDGED = (TRANSMISSION, ABOVE_REGULAR, NOT_SPECIFIC, NOT_TOLD_APART, REVERSED)


def verdict_kind(verdict: str) -> str:
    """A verdict without its reason."""
    return verdict.partition(":")[0]
