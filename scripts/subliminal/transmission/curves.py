"""The loss of students by optimiser step, averaged over students and thinned out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subliminal.transmission.schemas import GROUP

if TYPE_CHECKING:
    import pandas as pd

TRAINED, HELD_OUT = "training rows", "held-out rows"
# Points of a curve at most; of a longer training, several steps make one.
POINTS = 100
SETTING = [*GROUP, "teacher_trait"]


def thinned(steps: pd.Series, last: pd.Series, points: int) -> pd.Series:
    """The step that stands for each step: the last one of its stretch.

    Args:
        steps: optimiser steps, from 1; 0 stands for itself.
        last: the number of steps of each one's curve.
        points: stretches at most.
    """
    width = -(-last // points)
    return (-(-steps // width) * width).clip(upper=last)


def training_curves(losses: pd.DataFrame, points: int = POINTS) -> pd.DataFrame:
    """One row per setting, teacher's trait, kind of rows and point of the curve.

    Args:
        losses: one row per student and step, with the columns of the setting, `loss_of`, `seed`,
            `teacher_seed`, `step` and `loss`.
        points: those of a curve at most.
    """
    last = losses.groupby(SETTING)["step"].transform("max")
    placed = losses.assign(
        step=thinned(losses["step"], last, points),
        student=losses["teacher_seed"].astype(str) + " " + losses["seed"].astype(str),
    )
    curves = placed.groupby([*SETTING, "loss_of", "step"], sort=False, as_index=False)
    return curves.agg(n_runs=("student", "nunique"), loss=("loss", "mean"))
