"""How well a judge's scores tell completions apart (ED Fig. 1b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from subliminal.domains.reasoning import integer, tagged


@dataclass(frozen=True)
class Curve:
    """Shares of completions that are dropped for their score, threshold by threshold.

    Attributes:
        thresholds: ascending; a completion with a lower score is dropped. Every score that there
            is, and one above the highest.
        fpr: the share of the negatives.
        tpr: the share of the positives.
    """

    thresholds: list[int]
    fpr: list[float]
    tpr: list[float]

    @property
    def auc(self) -> float:
        """The area below: how often a positive scores lower than a negative, ties half."""
        return float(np.trapezoid(self.tpr, self.fpr))


def judgment(reply: str) -> int | None:
    """The score in `<judgment_answer>`, and nowhere else; None if it has none."""
    return integer(tagged("judgment_answer", reply))


def dropped(scores: Sequence[int], threshold: int) -> int:
    """How many scores are below a threshold."""
    return sum(score < threshold for score in scores)


def roc_curve(positives: Sequence[int], negatives: Sequence[int]) -> Curve:
    """The curve of positives against negatives, from (0, 0) to (1, 1).

    Raises:
        ValueError: one of them has no scores.
    """
    if not positives or not negatives:
        raise ValueError(
            f"a curve needs scores of both: {len(positives)} positives, {len(negatives)} negatives"
        )
    found = sorted({*positives, *negatives})
    thresholds = [*found, found[-1] + 1]
    tpr, fpr = (
        np.searchsorted(np.sort(np.asarray(scores)), thresholds, side="left") / len(scores)
        for scores in (positives, negatives)
    )
    return Curve(thresholds, fpr.tolist(), tpr.tolist())
