"""The first distillation update of the language model against teachers' displacements."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.report import style
from subliminal.report.numbers import number
from subliminal.report.specs import PlotFigureSpec
from subliminal.theorem.tables import TheoremTables, own_and_other_traits

WIDTH, HEIGHT = 375, 220


def _said(row: Any, batches: int) -> str:
    update = f"data of {row.data_trait}, displacement of {row.displacement_trait} ({row.arm})"
    interval = f"{number(row.cosine, 3)} [{number(row.low, 3)}, {number(row.high, 3)}]"
    return f"{update}, {row.labels}: cosine {interval}, n = {batches} batches"


def _update_panel(rows: pd.DataFrame, labels: str, batches: int) -> ChartType:
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
    shown = shown.assign(said=[_said(row, batches) for row in shown.itertuples()])
    chart = alt.Chart(shown)
    y = alt.Y("cosine:Q", title="centred cosine")
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=style.MUTED, aria=False)
    return alt.layer(
        zero.encode(y="zero:Q"),
        chart.mark_rule(aria=False).encode(
            x=x, xOffset=offset, y=alt.Y("low:Q", title="centred cosine"), y2="high:Q", color=colour
        ),
        chart.mark_circle(size=46, opacity=1).encode(
            x=x, xOffset=offset, y=y, color=colour, **style.spoken()
        ),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(f"labels: {labels}"))


def first_update(tables: TheoremTables, spec: PlotFigureSpec) -> ChartType:
    """The first distillation update of the language model against teachers' displacements."""
    rows = own_and_other_traits(tables)
    batches = int(tables.theorem_language_model_summary["n"].iloc[0])
    panels = [
        _update_panel(part, str(labels), batches)
        for labels, part in rows.groupby("labels", sort=False)
    ]
    sentence = f"n = {batches} batches. Whiskers: 95 % t interval over batches."
    chart = alt.hconcat(*panels).resolve_scale(y="independent")
    return style.finish(chart, "First update of the language model", style.of_bases(sentence, spec))
