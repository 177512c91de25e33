"""The theorem's identities on random networks."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec
from subliminal.theorem.tables import (
    OTHER,
    SAME,
    TheoremTables,
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
