"""Accuracy against epochs of behavioural cloning (ED Fig. 2c)."""

from __future__ import annotations

import altair as alt
from altair.typing import ChartType

from subliminal.mnist.figures.marks import line_panel
from subliminal.mnist.tables import MnistTables, comparison_rows, replicas_text
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec


def cloning(tables: MnistTables, spec: PlotFigureSpec) -> ChartType:
    """Accuracy against epochs of cloning, a panel per m (ED Fig. 2c)."""
    rows = comparison_rows(tables.accuracy, "cloning")
    epochs = sorted({int(e) for e in rows["cloning_epochs"].dropna()})
    x = alt.X(
        "cloning_epochs:Q",
        title="epochs of behavioural cloning",
        scale=alt.Scale(type="symlog"),
        axis=alt.Axis(values=epochs, grid=False),
    )
    panels = [
        line_panel(part, "cloning_epochs", x, f"{m} auxiliary logits")
        for m, part in rows.groupby("auxiliary_logits", sort=True)
    ]
    return style.finish(
        alt.hconcat(*panels), "Accuracy against epochs of behavioural cloning", replicas_text(rows)
    )
