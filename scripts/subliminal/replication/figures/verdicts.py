"""The verdicts on the paper's values, item by item."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.replication.figures.marks import RANK, verdict_scale
from subliminal.replication.items import counted
from subliminal.replication.tables import ReplicationTables, said_of_ours, said_of_paper
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec

STEP, WIDTH = 20, 560


def _said(row: Any) -> str:
    values = f"paper {said_of_paper(row)}, here {said_of_ours(row)}"
    return f"{row.item}, {row.cell}, {row.quantity}: {values}; {row.verdict}"


def verdicts(tables: ReplicationTables, spec: PlotFigureSpec) -> ChartType:
    """A square per value of the paper, in a row per item, coloured by its verdict."""
    rows = counted(tables.paper)
    rows = rows.assign(rank=rows["verdict"].map(RANK)).sort_values("rank", kind="stable")
    place = rows.groupby("item", sort=False).cumcount() + 1
    rows = rows.assign(place=place, **{style.SAID: [_said(row) for row in rows.itertuples()]})
    items = list(dict.fromkeys(counted(tables.paper)["item"]))
    chart = (
        alt.Chart(pd.DataFrame(rows[["item", "place", "verdict", style.SAID]]))
        .mark_square(size=90, opacity=1)
        .encode(
            x=alt.X(
                "place:Q", title="values of the paper", axis=alt.Axis(grid=False, tickMinStep=1)
            ),
            y=alt.Y("item:N", title=None, sort=items),
            color=alt.Color("verdict:N", title=None, scale=verdict_scale(rows["verdict"])),
            **style.spoken(),
        )
        .properties(width=WIDTH, height=STEP * len(items))
    )
    sentence = f"{len(rows)} values of {len(items)} items, sorted by verdict."
    return style.finish(chart, "Verdicts on the paper's values", style.of_bases(sentence, spec))
