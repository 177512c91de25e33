"""Accuracy against the number of auxiliary logits (ED Fig. 2b)."""

from __future__ import annotations

import altair as alt
from altair.typing import ChartType

from subliminal.mnist.figures.marks import line_panel
from subliminal.mnist.tables import MnistTables, comparison_rows, replicas_text
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec


def logit_sweep(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """Accuracy against m, with reference and teacher beside it (ED Fig. 2b)."""
    rows = comparison_rows(tables.accuracy, "logit_sweep")
    x = alt.X(
        "auxiliary_logits:Q",
        title="auxiliary logits m",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(values=sorted({int(m) for m in rows["auxiliary_logits"]}), grid=False),
    )
    panel = line_panel(rows, "auxiliary_logits", x, "Same initialisation")
    title = "Accuracy against the number of auxiliary logits"
    return style.finish(panel, title, replicas_text(rows))
