"""The paper's claims, each with its verdict."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.replication.figures.marks import verdict_scale
from subliminal.replication.tables import ReplicationTables
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec

STEP, WIDTH, LABEL = 22, 190, 640


def _line(row: Any) -> str:
    return f"{row.item}: {row.claim}"


def _said(row: Any) -> str:
    held = f"; {row.hold} of {row.comparisons} comparisons hold" if row.comparisons else ""
    return f"{_line(row)}: {row.verdict}{held}"


def _beside(row: Any) -> str:
    held = f"  ({row.hold} of {row.comparisons})" if row.comparisons > 1 else ""
    return f"{row.verdict}{held}"


def claims(tables: ReplicationTables, spec: PlotFigureSpec) -> ChartType:
    """A line per claim of the paper: what it says, and its verdict."""
    rows = tables.claims
    told = pd.DataFrame(
        {
            "line": [_line(row) for row in rows.itertuples()],
            "verdict": rows["verdict"].tolist(),
            "beside": [_beside(row) for row in rows.itertuples()],
            style.SAID: [_said(row) for row in rows.itertuples()],
        }
    )
    place = alt.Y(
        "line:N",
        title=None,
        sort=told["line"].tolist(),
        axis=alt.Axis(labelLimit=LABEL, ticks=False, domain=False, labelPadding=8),
    )
    base = alt.Chart(told)
    squares = base.mark_square(size=110, opacity=1).encode(
        x=alt.value(8),
        y=place,
        color=alt.Color("verdict:N", title=None, scale=verdict_scale(told["verdict"])),
        **style.spoken(),
    )
    words = base.mark_text(
        align="left", aria=False, font=style.FONT, fontSize=12, color=style.INK
    ).encode(x=alt.value(22), y=place, text="beside:N")
    chart = alt.layer(squares, words).properties(width=WIDTH, height=STEP * max(len(told), 1))
    sentence = f"{len(told)} claims of {rows['item'].nunique()} items."
    return style.finish(chart, "The paper's claims", style.of_bases(sentence, spec))
