"""The theorem's identities on random networks."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.report import style
from subliminal.report.numbers import number
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


def _activation(rows: pd.DataFrame) -> tuple[alt.StrokeDash, alt.Shape]:
    """Lines and points by activation, with one legend for both."""
    names = sorted(rows["activation"].unique())
    dashes = [[1, 0], [4, 2], [1, 2]]
    return (
        alt.StrokeDash(
            "activation:N",
            title="activation",
            scale=alt.Scale(domain=names, range=dashes[: len(names)]),
        ),
        alt.Shape("activation:N", title="activation", scale=style.shape_scale(names)),
    )


def _error_panel(rows: pd.DataFrame, field: str, title: str) -> ChartType:
    names = list(rows["setting"].drop_duplicates())
    dash, shape = _activation(rows)
    said = [
        f"{row.setting}, {row.activation}, epsilon {row.epsilon:g}: "
        f"largest relative error {getattr(row, field):.1e} of n = {row.n} networks"
        for row in rows.itertuples()
    ]
    chart = alt.Chart(rows.assign(said=said)).encode(
        x=_epsilon(rows),
        y=alt.Y(
            f"{field}:Q",
            title="relative error, worst network",
            scale=alt.Scale(type="log"),
            axis=alt.Axis(format="~e", tickCount=5),
        ),
        color=alt.Color(
            "setting:N", title=None, scale=alt.Scale(domain=names, range=COLOURS[: len(names)])
        ),
    )
    return alt.layer(
        chart.mark_line(aria=False).encode(strokeDash=dash),
        chart.mark_point(size=40, filled=True, opacity=1).encode(shape=shape, **style.spoken()),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(title))


def _share_panel(rows: pd.DataFrame, field: str, title: str) -> ChartType:
    smallest = rows[rows["epsilon"] == rows["epsilon"].min()]
    activations = sorted(smallest["activation"].unique())
    said = [
        f"{row.setting}, {row.init} initialisation, {row.activation}: positive in "
        f"{number(getattr(row, field))} [{number(getattr(row, f'{field}_low'))}, "
        f"{number(getattr(row, f'{field}_high'))}] of n = {row.n} networks"
        for row in smallest.itertuples()
    ]
    x = alt.X(f"{field}:Q", title="share of networks", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("setting:N", title=None, axis=alt.Axis(labelLimit=200))
    lanes = [f"{init} {name}" for init in (SAME, OTHER) for name in activations]
    offset = alt.YOffset("lane:N", sort=lanes)
    colour = alt.Color("init:N", title="initialisation", scale=INIT_COLOURS)
    chart = alt.Chart(
        smallest.assign(lane=smallest["init"] + " " + smallest["activation"], said=said)
    )
    return alt.layer(
        style.chance_line(0.5, "x"),
        chart.mark_rule(strokeWidth=1.5, aria=False).encode(
            x=alt.X(f"{field}_low:Q"), x2=f"{field}_high:Q", y=y, yOffset=offset, color=colour
        ),
        chart.mark_point(size=60, filled=True, opacity=1).encode(
            x=x,
            y=y,
            yOffset=offset,
            color=colour,
            shape=_activation(smallest)[1],
            **style.spoken(),
        ),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(title))


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
    sentence = (
        f"n = {int(rows['n'].iloc[0])} random networks per setting, one student step. "
        "Whiskers: exact 95 % interval over networks."
    )
    chart = alt.vconcat(errors, shares).resolve_scale(color="independent")
    return style.finish(chart, "The theorem's identities, measured", sentence)
