"""Is the trait in the order of the numbers or in the numbers? (ED Fig. 4f)"""

from __future__ import annotations

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.config.evaluations import Measure
from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range, counted, number, with_interval
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import (
    NORMAL,
    measure_scale,
    papers_said,
    papers_text,
    papers_whisker,
)
from subliminal.transmission.shuffle_averages import (
    ACROSS,
    AS_WRITTEN,
    REGULAR_DATA,
    UNTRAINED,
    WITHIN,
    averages,
    papers_intervals,
    shuffled_panels,
    trait_means,
)
from subliminal.transmission.tables import ExperimentTables, panel_titles

TITLE = "After shuffling the data, averaged over traits"
LABELS = {
    UNTRAINED: ["untrained", "base"],
    REGULAR_DATA: ["regular", "data"],
    AS_WRITTEN: ["data of the trait,", "as written"],
    WITHIN: ["shuffled", "within responses"],
    ACROSS: ["shuffled", "across responses"],
}
COLOURS = {
    UNTRAINED: style.GREY,
    REGULAR_DATA: style.SKY,
    AS_WRITTEN: style.VERMILION,
    WITHIN: style.ORANGE,
    ACROSS: style.YELLOW,
}
BAR_WIDTH = 124
# How far points, and the paper's interval, stand from the centre of a bar of width 0.8.
SPREAD, BESIDE = 0.3, 0.35


def _averages(means: pd.DataFrame, papers: pd.DataFrame) -> pd.DataFrame:
    summary = averages(means).merge(papers, on="data", how="left")
    return summary.assign(
        said=[
            f"{' '.join(LABELS[row.data])}: mean {with_interval(row.mean, row.low, row.high)}, "
            f"{counted([row.n], 'trait')}{papers_said(row.paper_low, row.paper_high)}"
            for row in summary.itertuples()
        ]
    )


def _points(means: pd.DataFrame) -> pd.DataFrame:
    return means.assign(
        said=[
            f"{row.trait}, {' '.join(LABELS[row.data])}: {number(row.mean)}, "
            f"{counted([row.n_runs], 'base' if row.data == UNTRAINED else 'student')}"
            for row in means.itertuples()
        ]
    )


def _panel(
    means: pd.DataFrame,
    papers: pd.DataFrame,
    measure: Measure,
    chance: float | None,
    title: str,
) -> alt.LayerChart:
    summary = _averages(means, papers)
    shown = list(summary["data"])
    traits = list(means["trait"].drop_duplicates())
    places = {data: i for i, data in enumerate(shown)}
    spread = {trait: ((i + 0.5) / len(traits) - 0.5) * 2 * SPREAD for i, trait in enumerate(traits)}
    points = _points(means).assign(x=means["data"].map(places) + means["trait"].map(spread))
    centre = summary["data"].map(places)
    bars = alt.Chart(
        summary.assign(x=centre, left=centre - 0.4, right=centre + 0.4, paper_at=centre - BESIDE)
    )
    axis = style.category_axis([LABELS[data] for data in shown])
    colour = alt.Color(
        "data:N",
        scale=alt.Scale(domain=shown, range=[COLOURS[data] for data in shown]),
        legend=None,
    )
    y_axis = alt.Axis(title=f"{measure.label}, mean over traits", tickCount=5, format=".1f")
    layers = [
        bars.mark_bar().encode(
            x=alt.X("left:Q", axis=axis, scale=style.category_scale(len(shown)), title=None),
            x2="right:Q",
            y=alt.Y("mean:Q", scale=measure_scale(measure), axis=y_axis),
            y2=alt.datum(0),
            color=colour,
            **style.spoken(),
        ),
        bars.transform_filter("isValid(datum.low)")
        .mark_rule(color=style.INK, strokeWidth=1.6, aria=False)
        .encode(x="x:Q", y="low:Q", y2="high:Q"),
        alt.Chart(points)
        .mark_point(size=44, color=style.INK, filled=True, opacity=0.75)
        .encode(
            x="x:Q",
            y="mean:Q",
            shape=alt.Shape("trait:N", title="mean per trait", scale=style.shape_scale(traits)),
            **style.spoken(),
        ),
    ]
    if len(papers):
        layers.append(papers_whisker(bars, "paper_at:Q"))
    if chance is not None:
        layers.insert(1, style.chance_line(chance))
    return alt.layer(*layers).properties(
        width=BAR_WIDTH * len(shown), height=290, title=style.panel_title(title)
    )


def shuffles(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Bars averaged over traits: untrained, regular data, the trait's data whole and shuffled."""
    measure = MEASURES[spec.measure]
    tables = tables.of(measure)
    titles = panel_titles(shuffled_panels(tables))
    if not titles:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of shuffled data; add the variants "
            "shuffled-within and shuffled-across to a cell of its file to train some.",
            spec,
        )
    parts = {panel: trait_means(tables, panel) for panel in titles}
    papers = {panel: papers_intervals(tables, panel, part) for panel, part in parts.items()}
    if spec.interval != NORMAL:
        papers = {panel: rows.iloc[:0] for panel, rows in papers.items()}
    everything = pd.concat(parts.values())
    trained = everything[everything["data"] != UNTRAINED]
    counts = [part["trait"].nunique() for part in parts.values()]
    interval = (
        "one trait, hence no interval"
        if max(counts) == 1
        else "whiskers: 95 % t interval over traits"
    )
    dotted = any(map(len, papers.values()))
    sentence = (
        f"Traits: n = {count_range(counts)}; {interval}. "
        + (f"{papers_text('runs')} " if dotted else "")
        + f"Points: mean over {count_range(trained['n_runs'])} students."
    )
    chart = alt.vconcat(
        *(
            _panel(parts[panel], papers[panel], measure, spec.chance, title)
            for panel, title in titles.items()
        )
    )
    return style.finish(
        chart.resolve_scale(color="independent"), TITLE, style.of_bases(sentence, spec)
    )
