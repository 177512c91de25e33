"""Does it take the same base? (Fig. 5)"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.config.evaluations import Measure
from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import (
    CONDITION_LABELS,
    GATE_FAILED,
    condition_colour,
    measure_axis,
    measure_scale,
    students_text,
    trait_labels,
)
from subliminal.transmission.tables import (
    ExperimentTables,
    Panel,
    base_pair,
    panel_titles,
    panels,
    plain,
    same_base,
    student_bases,
    traits_of,
    treated,
    with_condition,
)
from subliminal.transmission.verdicts import BASE, REGULAR, TRAIT

TITLE = "Students of the same base and of another base"
CONDITIONS = (REGULAR, TRAIT)
TRAIT_HEIGHT = 46
AXIS_WIDTH = 110
# Each condition's distance from the trait's line, in traits; the trait's students come first.
LANE = {TRAIT: -0.17, REGULAR: 0.17}
REACH = 0.36


def _lane(trait: pd.Series, condition: pd.Series, traits: Sequence[str]) -> pd.Series:
    return trait.map({name: i for i, name in enumerate(traits)}) + condition.map(LANE)


def students(rows: pd.DataFrame, traits: Sequence[str]) -> pd.DataFrame:
    """One row per trait and condition, with where its students came from."""
    shown = rows[rows["condition"].isin(CONDITIONS)]
    return shown[["trait", "condition", "n_runs", "base_mean", "mean", "low", "high"]].assign(
        shown_as=shown["condition"].map(CONDITION_LABELS),
        lane=_lane(shown["trait"], shown["condition"], traits),
    )


def _untrained(rows: pd.DataFrame, traits: Sequence[str]) -> pd.DataFrame:
    places = {name: i for i, name in enumerate(traits)}
    shown = rows[["trait", "base_mean"]].drop_duplicates("trait")
    centre = shown["trait"].map(places)
    return shown.assign(shown_as=CONDITION_LABELS[BASE], top=centre - REACH, bottom=centre + REACH)


def _single_runs(runs: pd.DataFrame, traits: Sequence[str]) -> pd.DataFrame:
    shown = with_condition(runs[runs["measured_trait"].isin(traits)])
    shown = shown[shown["condition"].isin(CONDITIONS)]
    return pd.DataFrame(
        {
            "trait": shown["measured_trait"],
            "value": shown["value"],
            "lane": _lane(shown["measured_trait"], shown["condition"], traits),
        }
    )


def _panel(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    measure: Measure,
    traits: Sequence[str],
    title: Sequence[str],
    labelled: bool,
    width: int,
) -> alt.LayerChart:
    labels = trait_labels(rows, traits)
    if not labelled:
        labels = [[GATE_FAILED if GATE_FAILED in lines else ""] for lines in labels]
    y = alt.Y(
        "lane:Q",
        axis=style.category_axis(labels),
        scale=style.category_scale(len(traits), downwards=True),
        title=None,
    )
    colour = condition_colour((BASE, *CONDITIONS))
    chart = alt.Chart(students(rows, traits)).encode(y=y)
    tooltip = ["trait", "shown_as", "n_runs"] + [
        alt.Tooltip(f"{column}:Q", format=".3f") for column in ("base_mean", "mean", "low", "high")
    ]
    return alt.layer(
        alt.Chart(_untrained(rows, traits))
        .mark_rule(strokeWidth=2.5)
        .encode(x="base_mean:Q", y="top:Q", y2="bottom:Q", color=colour),
        chart.mark_rule(strokeWidth=1.2, strokeDash=[3, 3], opacity=0.8).encode(
            x="base_mean:Q", x2="mean:Q", color=colour
        ),
        chart.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.2)
        .encode(x="low:Q", x2="high:Q", color=colour),
        chart.mark_circle(size=90, opacity=1).encode(
            x=alt.X("mean:Q", scale=measure_scale(measure), axis=measure_axis(measure)),
            color=colour,
            tooltip=tooltip,
        ),
        alt.Chart(_single_runs(runs, traits))
        .mark_circle(size=12, color=style.INK, opacity=0.55)
        .encode(x="value:Q", y="lane:Q"),
    ).properties(width=width, height=TRAIT_HEIGHT * len(traits), title=style.panel_title(*title))


def _strip(
    rows: pd.DataFrame, runs: pd.DataFrame, measure: Measure, panel: Panel, title: str
) -> alt.HConcatChart:
    traits = traits_of(rows)
    found = student_bases(rows, panel)
    width = (style.WIDTH - AXIS_WIDTH) // max(2, len(found)) - 20
    charts = [
        _panel(
            rows[rows["student_base"] == base],
            runs[runs["student_base"] == base],
            measure,
            traits,
            [title, base_pair(panel, base)],
            labelled=base == found[0],
            width=width,
        )
        for base in found
    ]
    return alt.hconcat(*charts, spacing=24)


def bases(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Per trait, from the untrained base to its students, for every student base."""
    measure = MEASURES[spec.measure]
    tables = tables.of(measure)
    found = plain(tables.transmission)
    rows = found[found["condition"].isin([BASE, *CONDITIONS])]
    if treated(rows).empty:
        return style.empty_chart(
            TITLE,
            "Nothing to show: this experiment has no student of a teacher with a trait that was "
            "trained on unshuffled data.",
            spec,
        )
    runs = plain(tables.runs)
    titles = panel_titles(panels(rows))
    parts = {panel: panel.select(rows) for panel in titles}
    strips = [
        _strip(parts[panel], panel.select_with_control(runs), measure, panel, title)
        for panel, title in titles.items()
    ]
    sentences = [
        "Vertical lines: the untrained base; circles: mean over its students; "
        f"{style.intervals_text(rows['n_runs'])}; dots: students.",
        f"{students_text(rows)}.",
    ]
    single = [titles[panel] for panel, part in parts.items() if same_base(part).all()]
    if single:
        which = "any of these data" if len(single) == len(titles) else "; ".join(single)
        sentences.append(f"No student of another base was trained on {which}.")
    return style.finish(alt.vconcat(*strips, spacing=30), TITLE, sentences, spec)
