"""Students of other architectures (ED Fig. 2e)."""

from __future__ import annotations

from altair.typing import ChartType

from subliminal.mnist.figures.marks import bars
from subliminal.mnist.tables import MnistTables
from subliminal.report.specs import PlotFigureSpec


def architectures(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """One panel per number of auxiliary logits: reference, teacher, then the students."""
    return bars(
        "architectures", "Students of other architectures, after behavioural cloning", tables
    )
