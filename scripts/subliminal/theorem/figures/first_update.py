"""The first distillation update of the language model against teachers' displacements."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec
from subliminal.theorem.tables import TheoremTables, own_and_other_traits

WIDTH, HEIGHT = 375, 220


def _update_panel(rows: pd.DataFrame, labels: str) -> ChartType:
    x = alt.X(
        "data_trait:N", title="data of the teacher of", sort=None, axis=alt.Axis(labelAngle=0)
    )
    offset = alt.XOffset("arm:N", sort=["same base, own trait", "same base, other trait"])
    arms = ["same base, own trait", "same base, other trait", "other base, own trait"]
    colour = alt.Color(
        "arm:N",
        title=None,
        scale=alt.Scale(domain=arms, range=[style.VERMILION, style.GREEN, style.GREY]),
    )
    shown = rows.assign(arm=rows["base"] + " base, " + rows["pair"])
    shown = shown[shown["arm"].isin(arms)]
    chart = alt.Chart(shown)
    y = alt.Y("cosine:Q", title="centred cosine")
    tip = ["data_trait:N", "displacement_trait:N", "arm:N", alt.Tooltip("cosine:Q", format=".4f")]
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=style.MUTED).encode(y="zero:Q")
    return alt.layer(
        zero,
        chart.mark_rule().encode(
            x=x, xOffset=offset, y=alt.Y("low:Q", title="centred cosine"), y2="high:Q", color=colour
        ),
        chart.mark_circle(size=46, opacity=1).encode(
            x=x, xOffset=offset, y=y, color=colour, tooltip=tip
        ),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(f"labels: {labels}"))


def first_update(tables: TheoremTables, spec: PlotFigureSpec) -> ChartType:
    """The first distillation update of the language model against teachers' displacements."""
    rows = own_and_other_traits(tables)
    panels = [
        _update_panel(part, str(labels)) for labels, part in rows.groupby("labels", sort=False)
    ]
    batches = int(tables.theorem_language_model_summary["n"].iloc[0])
    sentences = [
        "Cosine of the first update on a teacher's rows, less that on the untrained base's, with "
        "the teacher's own or another teacher's displacement.",
        f"n = {batches} batches; whiskers: 95 % t interval over batches.",
    ]
    chart = alt.hconcat(*panels).resolve_scale(y="independent")
    return style.finish(chart, "First update of the language model", sentences, spec)
