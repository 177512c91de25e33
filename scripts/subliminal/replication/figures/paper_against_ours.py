"""The paper's values beside ours: two points per value, in a panel per item and quantity."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.replication.figures.marks import COLOURS
from subliminal.replication.items import counted
from subliminal.replication.tables import ReplicationTables, said_of_ours, said_of_paper
from subliminal.replication.verdicts import VERDICTS
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec

STEP, WIDTH, LABEL = 26, 360, 420
PAPER = "paper"
# By a rule of the paper's values, the shape of what it says; `equal` has a disc.
SHAPES = {
    "at least": "triangle-right",
    "rises": "triangle-right",
    "at most": "triangle-left",
    "falls": "triangle-left",
    "none": "square",
}
RANGE = "range"
TITLE = "The paper's values and ours"


def drawn(paper: pd.DataFrame) -> pd.DataFrame:
    """The values that were computed and count by themselves."""
    return counted(paper).dropna(subset=["ours"])


def _of_paper(row: Any) -> dict[str, Any]:
    """The paper's mark: its value, or 0 where it gives a direction."""
    within = row.within if row.rule == "none" else float("nan")
    low, high = (-within, within) if row.rule == "none" else (row.paper_low, row.paper_high)
    return {
        "who": PAPER,
        "colour": PAPER,
        "value": 0.0 if pd.isna(row.paper_value) else row.paper_value,
        "low": low,
        "high": high,
        "shape": RANGE if row.paper_interval == RANGE else SHAPES.get(row.rule, "circle"),
        style.SAID: f"{row.item}, {row.cell}, {row.quantity}: paper {said_of_paper(row)}",
    }


def _of_ours(row: Any) -> dict[str, Any]:
    told = f"{row.item}, {row.cell}, {row.quantity}: here {said_of_ours(row)}; {row.verdict}"
    return {
        "who": "here",
        "colour": row.verdict,
        "value": row.ours,
        "low": row.low,
        "high": row.high,
        "shape": "circle",
        style.SAID: told,
    }


def _marks(rows: pd.DataFrame) -> pd.DataFrame:
    """Two marks per value."""
    pairs = [(row, (_of_paper(row), _of_ours(row))) for row in rows.itertuples()]
    return pd.DataFrame([{"cell": row.cell, **mark} for row, both in pairs for mark in both])


def _panel(rows: pd.DataFrame, title: str, colours: alt.Scale) -> ChartType:
    marks, cells = _marks(rows), rows["cell"].tolist()
    place = {
        "y": alt.Y(
            "cell:N",
            title=None,
            sort=cells,
            axis=alt.Axis(labelLimit=LABEL, ticks=False, domain=False, labelPadding=8),
        ),
        "yOffset": alt.YOffset("who:N", sort=[PAPER, "here"]),
        "color": alt.Color("colour:N", title=None, scale=colours),
    }
    x = alt.X(
        "value:Q",
        title=rows["quantity"].iloc[0],
        axis=alt.Axis(titleLimit=WIDTH + LABEL, titleAnchor="start", tickCount=5),
        scale=alt.Scale(zero=False, nice=True, padding=12),
    )
    whiskers = (
        alt.Chart(marks.dropna(subset=["low", "high"]))
        .mark_rule(strokeWidth=2, opacity=1)
        .encode(x=alt.X("low:Q"), x2="high:Q", **place, **style.spoken())
    )
    points = (
        alt.Chart(marks[marks["shape"] != RANGE])
        .mark_point(filled=True, size=55, opacity=1)
        .encode(
            x=x,
            shape=alt.Shape("shape:N", legend=None, scale=None),
            **place,
            **style.spoken(),
        )
    )
    return alt.layer(points, whiskers).properties(
        width=WIDTH, height=STEP * len(cells), title=style.panel_title(title)
    )


def paper_against_ours(tables: ReplicationTables, spec: PlotFigureSpec) -> ChartType:
    """A panel per item and quantity, as rates and counts have no axis in common."""
    rows = drawn(tables.paper)
    if rows.empty:
        return style.empty_chart(TITLE, "No value of the paper was computed in this run.", spec)
    there = [word for word in VERDICTS if word in set(rows["verdict"])]
    colours = alt.Scale(
        domain=[PAPER, *there], range=[style.INK, *(COLOURS[word] for word in there)]
    )
    titles = tables.items.set_index("item")["title"]
    panels = [
        _panel(part, titles[item], colours)
        for (item, _), part in rows.groupby(["item", "quantity"], sort=False)
    ]
    values, items = counted(tables.paper), rows["item"].nunique()
    sentence = f"{len(rows)} of {len(values)} values were computed, of {items} items."
    return style.finish(
        alt.vconcat(*panels, spacing=26).resolve_scale(color="shared"),
        TITLE,
        style.of_bases(sentence, spec),
    )
