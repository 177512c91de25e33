"""What transfer needs (ED Fig. 2d)."""

from __future__ import annotations

from altair.typing import ChartType

from subliminal.mnist.figures.marks import bars
from subliminal.mnist.tables import MnistTables
from subliminal.report.specs import PlotFigureSpec


def ablations(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """One panel per number of auxiliary logits: reference, teacher, then the students."""
    return bars("ablations", "What transfer needs: initialisation, optimiser, inputs", tables)
