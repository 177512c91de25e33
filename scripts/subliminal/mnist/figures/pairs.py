"""Same and other initialisation, auxiliary and all logits (arXiv v1, Fig. 10)."""

from __future__ import annotations

from altair.typing import ChartType

from subliminal.mnist.figures.marks import bars
from subliminal.mnist.tables import MnistTables
from subliminal.report.specs import PlotFigureSpec


def pairs(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """One panel per number of auxiliary logits: reference, teacher, then the students."""
    return bars("pairs", "Digits learnt from logits that have nothing to do with digits", tables)
