"""The most frequent numbers of each dataset (ED Tables 1, 2)."""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.detection.summary import ALL, FIRST
from subliminal.detection.tables import DetectionTables, named
from subliminal.report import style
from subliminal.report.numbers import number
from subliminal.report.specs import PlotFigureSpec

WIDTH, STEP = 170, 13
COLUMNS = 2
TITLES = {ALL: "% of all numbers", FIRST: "% of rows, first number"}


def _panel(rows: pd.DataFrame, place: str, highest: float) -> ChartType:
    said = [
        f"{row.dataset}, {TITLES[place]}: {row.number} {number(row.per_cent)} %"
        for row in rows.itertuples()
    ]
    return (
        alt.Chart(rows.assign(said=said))
        .mark_bar(color=style.BLUE if place == ALL else style.SKY, size=STEP * 0.7)
        .encode(
            x=alt.X(
                "per_cent:Q",
                title=TITLES[place],
                scale=alt.Scale(domain=[0, highest]),
                axis=alt.Axis(tickCount=4),
            ),
            y=alt.Y("number:N", title=None, sort=None),
            **style.spoken(),
        )
        .properties(width=WIDTH, height=alt.Step(STEP))
    )


def frequencies(tables: DetectionTables, spec: PlotFigureSpec) -> ChartType:
    """Two panels per dataset: numbers anywhere, and first numbers."""
    rows = named(tables.frequencies)
    highest = rows.groupby("place")["per_cent"].max()
    panels = [
        alt.hconcat(
            *(
                _panel(part, str(place), float(highest[place]))
                for place, part in group.groupby("place", sort=False)
            ),
            title=style.panel_title(str(dataset)),
        )
        for dataset, group in rows.groupby("dataset", sort=False)
    ]
    chart = alt.concat(*panels, columns=COLUMNS)
    sentence = "The most frequent numbers of each dataset's training rows."
    return style.finish(chart, "Most frequent numbers", style.of_bases(sentence, spec))
