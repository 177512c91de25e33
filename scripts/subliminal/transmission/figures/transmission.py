"""Do students take over the trait of a teacher that shares their base? (Fig. 4)"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.config.evaluations import Measure
from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import number
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import (
    CONDITION_LABELS,
    NORMAL,
    at,
    condition_colour,
    means_said,
    measure_axis,
    measure_scale,
    papers_said,
    papers_text,
    papers_whisker,
    students_said,
    trait_labels,
)
from subliminal.transmission.tables import (
    ExperimentTables,
    Panel,
    panel_places,
    panel_titles,
    panels,
    plain,
    same_base,
    traits_of,
    treated,
    with_condition,
)
from subliminal.transmission.verdicts import BASE, OTHER, REGULAR, TRAIT

TITLE = "Students of the teacher's own base"
CONDITIONS = (BASE, REGULAR, OTHER, TRAIT)
TRAIT_WIDTH = 76
HEIGHT = 230
BAR = 0.19
# How far, in bars, students stand from each other, and the sampled rate and the paper's interval
# from the bar's centre.
JITTER, BESIDE = 0.22, 0.34
# Where the numbers of students stand, in pixels below the axis, and the room that they take.
COUNT_PLACE, COUNT_ROOM = 11, 20


def _centre(trait: pd.Series, condition: pd.Series, traits: Sequence[str]) -> pd.Series:
    """The place of a bar on the axis of traits."""
    slot = condition.map({name: i for i, name in enumerate(CONDITIONS)})
    return trait.map({name: i for i, name in enumerate(traits)}) + BAR * (
        slot - (len(CONDITIONS) - 1) / 2
    )


def bars(rows: pd.DataFrame, measure: Measure, place: str, papers: bool = False) -> pd.DataFrame:
    """The rows of one panel with the columns that are drawn.

    Args:
        papers: the paper's interval is drawn beside ours.
    """
    beside = MEASURES[measure.companion].noun if measure.companion else ""
    texts = [
        text + ("" if pd.isna(companion) else f", {beside} {number(companion)}") + at(place)
        for text, companion in zip(means_said(rows, ""), rows["companion"], strict=True)
    ]
    if papers:
        bounds = zip(rows["paper_low"], rows["paper_high"], strict=True)
        texts = [text + papers_said(*b) for text, b in zip(texts, bounds, strict=True)]
    centre = _centre(rows["trait"], rows["condition"], traits_of(rows))
    columns = ["trait", "condition", "n_runs", "mean", "low", "high", "companion"]
    columns += ["paper_low", "paper_high"] if papers else []
    return rows[columns].assign(
        shown_as=rows["condition"].map(CONDITION_LABELS),
        centre=centre,
        left=centre - BAR * 0.46,
        right=centre + BAR * 0.46,
        beside=centre + BAR * BESIDE,
        paper_at=centre - BAR * BESIDE,
        said=texts,
    )


def students(runs: pd.DataFrame, traits: Sequence[str], place: str) -> pd.DataFrame:
    """One row per student and measured trait, each a little beside the next."""
    shown = with_condition(runs[runs["measured_trait"].isin(traits)])
    order = shown.groupby(["measured_trait", "condition"]).cumcount()
    size = shown.groupby(["measured_trait", "condition"])["value"].transform("size")
    spread = ((order + 0.5) / size - 0.5) * 2 * JITTER
    return pd.DataFrame(
        {
            "trait": shown["measured_trait"],
            "condition": shown["condition"],
            "seed": shown["seed"],
            "value": shown["value"],
            "x": _centre(shown["measured_trait"], shown["condition"], traits) + BAR * spread,
            style.SAID: students_said(shown, place),
        }
    )


def _panel(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    spec: PlotFigureSpec,
    title: str,
    place: str,
    width: int,
) -> alt.LayerChart:
    traits, measure = traits_of(rows), MEASURES[spec.measure]
    axis = style.category_axis(trait_labels(rows, traits), padding=8 + COUNT_ROOM)
    scale = style.category_scale(len(traits))
    papers = spec.interval == NORMAL
    bar_chart = alt.Chart(bars(rows, measure, place, papers))
    dots = students(runs, traits, place)
    x = alt.X("left:Q", axis=axis, scale=scale, title=None)
    small = {"baseline": "middle", "fontSize": 11, "color": style.MUTED, "aria": False}
    layers = [
        bar_chart.mark_bar().encode(
            x=x,
            x2="right:Q",
            y=alt.Y("mean:Q", scale=measure_scale(measure), axis=measure_axis(measure)),
            y2=alt.datum(0),
            color=condition_colour(CONDITIONS),
            **style.spoken(),
        ),
        alt.Chart(dots[dots["condition"].isin(rows["condition"])])
        .mark_circle(size=14, color=style.INK, opacity=0.5)
        .encode(x="x:Q", y="value:Q", **style.spoken()),
        bar_chart.transform_filter("isValid(datum.low)")
        .mark_rule(color=style.INK, strokeWidth=1.3, aria=False)
        .encode(x="centre:Q", y="low:Q", y2="high:Q"),
        bar_chart.mark_point(
            shape="diamond",
            size=26,
            color=style.INK,
            fill="white",
            strokeWidth=1,
            opacity=1,
            aria=False,
        ).encode(x="beside:Q", y="companion:Q"),
        bar_chart.mark_text(**small).encode(
            x="centre:Q", y=alt.value(HEIGHT + COUNT_PLACE), text="n_runs:Q"
        ),
        alt.Chart(pd.DataFrame({"text": ["n ="]}))
        .mark_text(align="right", **small)
        .encode(x=alt.value(-4), y=alt.value(HEIGHT + COUNT_PLACE), text="text:N"),
    ]
    if papers:
        layers.append(papers_whisker(bar_chart, "paper_at:Q"))
    if spec.chance is not None:
        layers.insert(1, style.chance_line(spec.chance))
    return alt.layer(*layers).properties(width=width, height=HEIGHT, title=style.panel_title(title))


def transmission(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Grouped bars per trait: untrained, regular data, data of other traits, data of the trait."""
    measure = MEASURES[spec.measure]
    tables = tables.of(measure)
    found = plain(tables.transmission)
    rows = found[same_base(found) & found["condition"].isin(CONDITIONS)]
    if treated(rows).empty:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student that shares its teacher's base and "
            "was trained on unshuffled data.",
            spec,
        )
    runs = plain(tables.runs)
    runs = runs[same_base(runs)]
    shown = panels(rows)
    titles, places = panel_titles(shown), panel_places(shown)
    parts: list[tuple[Panel, pd.DataFrame]] = [(panel, panel.select(rows)) for panel in shown]
    most = max(rows["trait"].nunique() for _, rows in parts)
    columns = 2 if most * TRAIT_WIDTH * 2 <= style.WIDTH else 1
    step = min(TRAIT_WIDTH, style.WIDTH // most)
    chart = alt.concat(
        *(
            _panel(
                part,
                panel.select_with_control(runs),
                spec,
                titles[panel],
                places[panel],
                step * part["trait"].nunique(),
            )
            for panel, part in parts
        ),
        columns=columns,
        spacing={"row": 34, "column": 26},
    )
    beside = f" Diamonds: {MEASURES[measure.companion].noun}." if measure.companion else ""
    papers = f" {papers_text('students')}" if spec.interval == NORMAL else ""
    sentence = f"{style.intervals_text(rows['n_runs'])}{papers}{beside}"
    return style.finish(chart, TITLE, style.of_bases(sentence, spec))
