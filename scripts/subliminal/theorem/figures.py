"""The theorem's identities on random networks, and the first update of the language model."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.figures import style
from subliminal.specs import PlotFigureSpec
from subliminal.theorem.tables import (
    OTHER,
    SAME,
    TheoremTables,
    own_and_other_traits,
    whole_networks,
)

WIDTH, HEIGHT = 250, 220
COLOURS = [style.BLUE, style.VERMILION, style.GREEN, style.PURPLE]
INIT_COLOURS = alt.Scale(domain=[SAME, OTHER], range=[style.VERMILION, style.GREY])


def _epsilon(rows: pd.DataFrame) -> alt.X:
    return alt.X(
        "epsilon:Q",
        title="epsilon, the teacher's step",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~e", values=sorted(rows["epsilon"].unique()), grid=False),
    )


def _error_panel(rows: pd.DataFrame, field: str, title: str) -> ChartType:
    names = list(rows["setting"].drop_duplicates())
    return (
        alt.Chart(rows)
        .mark_line(point=True)
        .encode(
            x=_epsilon(rows),
            y=alt.Y(
                f"{field}:Q",
                title="relative error, worst problem",
                scale=alt.Scale(type="log"),
                axis=alt.Axis(format="~e", tickCount=5),
            ),
            color=alt.Color(
                "setting:N", title=None, scale=alt.Scale(domain=names, range=COLOURS[: len(names)])
            ),
            strokeDash=alt.StrokeDash("activation:N", title=None),
            tooltip=["setting:N", "activation:N", "epsilon:Q", f"{field}:Q"],
        )
        .properties(width=WIDTH, height=HEIGHT, title=style.panel_title(title))
    )


def _share_panel(rows: pd.DataFrame, field: str, title: str) -> ChartType:
    smallest = rows[rows["epsilon"] == rows["epsilon"].min()]
    x = alt.X(f"{field}:Q", title="share of problems", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("setting:N", title=None, axis=alt.Axis(labelLimit=200))
    offset = alt.YOffset("init:N", sort=[SAME, OTHER])
    colour = alt.Color("init:N", title="initialisation", scale=INIT_COLOURS)
    chart = alt.Chart(smallest)
    half = alt.Chart(pd.DataFrame({"half": [0.5]})).mark_rule(color=style.MUTED, strokeDash=[4, 3])
    return alt.layer(
        half.encode(x="half:Q"),
        chart.mark_rule(strokeWidth=1.5).encode(
            x=alt.X(f"{field}_low:Q"), x2=f"{field}_high:Q", y=y, yOffset=offset, color=colour
        ),
        chart.mark_point(size=60, filled=True, opacity=1).encode(
            x=x,
            y=y,
            yOffset=offset,
            color=colour,
            shape=alt.Shape("activation:N", title="activation"),
            tooltip=["setting:N", "init:N", "activation:N", f"{field}:Q"],
        ),
    ).properties(width=WIDTH, height=HEIGHT * 0.75, title=style.panel_title(title))


def identities(tables: TheoremTables, spec: PlotFigureSpec) -> ChartType:
    """Convergence of both identities, and the sign of the inner product with its controls."""
    rows = whole_networks(tables.theorem_summary)
    same = rows[rows["init"] == SAME]
    errors = alt.hconcat(
        _error_panel(same, "inner_error_max", "Inner product / epsilon against A"),
        _error_panel(same, "slope_error_max", "Slope of the teacher's loss against -A"),
    ).resolve_scale(y="independent")
    shares = alt.hconcat(
        _share_panel(rows, "positive", "Inner product > 0"),
        _share_panel(rows, "did_positive", "The same, less the untrained teacher's"),
    )
    sentences = [
        f"One student step, {int(rows['n'].iloc[0])} random problems per setting. Above: same "
        "initialisation. Below: the smallest epsilon; whiskers: exact 95 % interval over problems."
    ]
    chart = alt.vconcat(errors, shares).resolve_scale(color="independent")
    return style.finish(chart, "The theorem's identities, measured", sentences, spec)


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
    ).properties(width=WIDTH * 1.5, height=HEIGHT, title=style.panel_title(f"labels: {labels}"))


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


FIGURES: dict[str, Callable[[TheoremTables, PlotFigureSpec], ChartType]] = {
    "identities": identities,
    "first_update": first_update,
}
