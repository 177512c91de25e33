"""What a base prefers after it has read a dataset's rows as examples (ED Fig. 6)."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.config.evaluations import Measure
from subliminal.detection.summary import OTHER, OWN, REGULAR
from subliminal.detection.tables import DetectionTables, bounded
from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range, number
from subliminal.report.specs import PlotFigureSpec

WIDTH, HEIGHT, COLUMNS = 235, 170, 3
WITHOUT = "no examples"
NAMES = {OWN: "the trait's data", REGULAR: "regular data"}
SIZES = {NAMES[REGULAR]: 90, NAMES[OWN]: 35}
COLOURS = {NAMES[OWN]: style.VERMILION, NAMES[REGULAR]: style.BLUE, WITHOUT: style.GREY}
# Reference points stand beside the axis of examples, in pixels from its end.
BESIDE = {NAMES[REGULAR]: 12, NAMES[OWN]: 24}
STAR = (
    "M0,-1L.225,-.309L.951,-.309L.363,.118L.588,.809L0,.382"
    "L-.588,.809L-.363,.118L-.951,-.309L-.225,-.309Z"
)
# Shape and size; a star fills little of its square.
MARKS = {NAMES[REGULAR]: ("circle", 70), NAMES[OWN]: (STAR, 220)}
PANEL = ["target", "domain", "base", "teacher_seed"]


def _panels(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """A title and the rows of each panel: a target in the data of one base and seed."""
    further = [column for column in PANEL[1:] if rows[column].nunique() > 1]
    found = []
    for _, group in rows.groupby(PANEL, sort=False):
        parts = [group[column].iloc[0] for column in ("target", *further)]
        found.append((", ".join(map(str, parts)), group))
    return found


def _scale(rows: pd.DataFrame, students: pd.DataFrame, measure: Measure) -> alt.Scale:
    """The values of all panels, from 0 where the measure has bounds."""
    if measure.bounds is None:
        return alt.Scale()
    drawn = [*rows[["mean", "mean_high", "without"]].max(), *students[["mean", "mean_high"]].max()]
    highest = min(max(filter(pd.notna, drawn)), measure.bounds[1])
    return alt.Scale(domain=[measure.bounds[0], float(highest)], nice=True, clamp=True)


def _reference(
    title: str, students: pd.DataFrame, y: Callable[[str], alt.Y], colour: alt.Color
) -> list[alt.Chart]:
    """Students that were trained on the same rows: a star, and a dot for regular rows."""
    layers = []
    for examples, rows in students.groupby("examples", sort=False):
        said = [
            f"{title}, students trained on {examples}: "
            f"{bounded(r.mean, r.mean_low, r.mean_high)}, n = {r.n} students"
            for r in rows.itertuples()
        ]
        chart, x = alt.Chart(rows.assign(said=said)), alt.value(WIDTH + BESIDE[str(examples)])
        shape, size = MARKS[str(examples)]
        layers += [
            chart.mark_rule(strokeWidth=1.5, clip=False, aria=False)
            .transform_filter("isValid(datum.mean_low)")
            .encode(x=x, y=y("mean_low"), y2="mean_high:Q", color=colour),
            chart.mark_point(shape=shape, size=size, filled=True, opacity=1, clip=False).encode(
                x=x, y=y("mean"), color=colour, **style.spoken()
            ),
        ]
    return layers


def _panel(
    title: str, rows: pd.DataFrame, students: pd.DataFrame, measure: Measure, scale: alt.Scale
) -> ChartType:
    said = [
        f"{title}, {row.examples}, k = {row.k}: {bounded(row.mean, row.mean_low, row.mean_high)}, "
        f"n = {row.n} resamples"
        for row in rows.itertuples()
    ]
    chart = alt.Chart(rows.assign(said=said))
    x = alt.X(
        "k:Q",
        title="examples k",
        scale=alt.Scale(type="log", nice=False, padding=12),
        axis=alt.Axis(values=sorted({int(k) for k in rows["k"]}), grid=False, labelOverlap=True),
    )

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", title=measure.noun, scale=scale)

    colour = alt.Color(
        "examples:N",
        title=None,
        scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
    )
    # Points lie on one another where examples do nothing: those of the trait are smaller, on top.
    size = alt.Size(
        "examples:N", legend=None, scale=alt.Scale(domain=list(SIZES), range=list(SIZES.values()))
    )
    level = rows.head(1)[["without"]].assign(examples=WITHOUT)
    level = level.assign(said=f"{title}, {WITHOUT}: {number(level['without'].iloc[0], 3)}")
    return alt.layer(
        alt.Chart(level)
        .mark_rule(strokeDash=[4, 3], strokeWidth=1.5)
        .encode(y=y("without"), color=colour, **style.spoken()),
        chart.mark_area(opacity=0.18, aria=False).encode(
            x=x, y=y("mean_low"), y2="mean_high:Q", color=colour
        ),
        chart.mark_rule(strokeWidth=1.5, opacity=0.5, aria=False).encode(
            x=x, y=y("mean_low"), y2="mean_high:Q", color=colour
        ),
        chart.mark_line(aria=False).encode(x=x, y=y("mean"), color=colour),
        chart.mark_circle(opacity=1).encode(
            x=x, y=y("mean"), color=colour, size=size, **style.spoken()
        ),
        *_reference(title, students, y, colour),
    ).properties(width=WIDTH, height=HEIGHT, title=style.panel_title(title))


def in_context(tables: DetectionTables, spec: PlotFigureSpec) -> ChartType:
    """A panel per trait: examples of its data, of regular data, and none; students beside them."""
    rows = tables.in_context
    shown = rows[(rows["measure"] == spec.measure) & (rows["data"] != OTHER)]
    shown = shown.assign(examples=[NAMES[data] for data in shown["data"]])
    shown = shown.sort_values("data", ascending=False, kind="stable")  # own data come on top
    measure = MEASURES[spec.measure]
    students = tables.fine_tuned[tables.fine_tuned["measure"] == spec.measure]
    students = students.assign(examples=[NAMES[data] for data in students["data"]])
    scale = _scale(shown, students, measure)
    panels = [
        _panel(title, group, group[PANEL].head(1).merge(students, on=PANEL), measure, scale)
        for title, group in _panels(shown)
    ]
    chart = alt.concat(*panels, columns=COLUMNS).resolve_scale(color="shared")
    sentence = (
        f"{shown['asked_base'].iloc[0]}, not trained. n = {count_range(shown['n'])} resamples. "
        "Bands: 95 % bootstrap interval over resamples."
    )
    if len(students):
        sentence += " Star, dot: students, 95 % t interval."
    return style.finish(
        chart, "Rows as examples, in place of training", style.of_bases(sentence, spec)
    )
