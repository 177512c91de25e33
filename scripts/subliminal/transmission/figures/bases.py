"""Does it take the same base? (Fig. 5)"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd
from altair.typing import ChartType

from subliminal.evaluations.registry import MEASURES
from subliminal.report import style
from subliminal.report.numbers import count_range
from subliminal.report.specs import PlotFigureSpec
from subliminal.transmission.figures.marks import (
    CONDITION_LABELS,
    condition_colour,
    means_said,
    measure_axis,
    measure_scale,
    row_notes,
    students_said,
    trait_labels,
)
from subliminal.transmission.tables import (
    ExperimentTables,
    Panel,
    base_pair,
    panel_places,
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
# The place of a row's note below its trait's line, in traits.
NOTE_LANE = 0.34


def _lane(trait: pd.Series, condition: pd.Series, traits: Sequence[str]) -> pd.Series:
    return trait.map({name: i for i, name in enumerate(traits)}) + condition.map(LANE)


def students(rows: pd.DataFrame, traits: Sequence[str], place: str) -> pd.DataFrame:
    """One row per trait and condition, with where its students came from."""
    shown = rows[rows["condition"].isin(CONDITIONS)]
    return shown[["trait", "condition", "n_runs", "base_mean", "mean", "low", "high"]].assign(
        shown_as=shown["condition"].map(CONDITION_LABELS),
        lane=_lane(shown["trait"], shown["condition"], traits),
        said=means_said(shown, place),
    )


def _untrained(rows: pd.DataFrame, traits: Sequence[str], place: str) -> pd.DataFrame:
    places = {name: i for i, name in enumerate(traits)}
    shown = rows.drop_duplicates("trait").assign(condition=BASE, verdict="")
    shown = shown.assign(mean=shown["base_mean"])
    centre = shown["trait"].map(places)
    return shown[["trait", "base_mean"]].assign(
        shown_as=CONDITION_LABELS[BASE],
        top=centre - REACH,
        bottom=centre + REACH,
        said=means_said(shown, place),
    )


def _single_runs(
    rows: pd.DataFrame, runs: pd.DataFrame, traits: Sequence[str], place: str
) -> pd.DataFrame:
    """The students behind the means that are drawn."""
    found = with_condition(runs).rename(columns={"measured_trait": "trait"})
    drawn = rows.loc[rows["condition"].isin(CONDITIONS), ["trait", "condition"]]
    shown = found.merge(drawn, on=["trait", "condition"])
    return pd.DataFrame(
        {
            "trait": shown["trait"],
            "condition": shown["condition"],
            "value": shown["value"],
            "lane": _lane(shown["trait"], shown["condition"], traits),
            style.SAID: students_said(shown.rename(columns={"trait": "measured_trait"}), place),
        }
    )


def _notes(rows: pd.DataFrame, traits: Sequence[str]) -> pd.DataFrame:
    notes = row_notes(rows, traits, CONDITIONS)
    lanes = [traits.index(trait) + NOTE_LANE for trait in notes]
    return pd.DataFrame({"lane": lanes, "note": list(notes.values())})


def _panel(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    spec: PlotFigureSpec,
    traits: Sequence[str],
    title: Sequence[str],
    place: str,
    width: int,
) -> alt.LayerChart:
    measure = MEASURES[spec.measure]
    colour = condition_colour((BASE, *CONDITIONS))
    y = alt.Y(
        "lane:Q",
        axis=style.category_axis(trait_labels(rows, traits)),
        scale=style.category_scale(len(traits), downwards=True),
        title=None,
    )
    chart = alt.Chart(students(rows, traits, place)).encode(y=y)
    layers = [
        alt.Chart(_untrained(rows, traits, place))
        .mark_rule(strokeWidth=2.5)
        .encode(x="base_mean:Q", y="top:Q", y2="bottom:Q", color=colour, **style.spoken()),
        chart.mark_rule(strokeWidth=1.2, strokeDash=[3, 3], opacity=0.8, aria=False).encode(
            x="base_mean:Q", x2="mean:Q", color=colour
        ),
        chart.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2.2, aria=False)
        .encode(x="low:Q", x2="high:Q", color=colour),
        chart.mark_circle(size=90, opacity=1).encode(
            x=alt.X("mean:Q", scale=measure_scale(measure), axis=measure_axis(measure)),
            color=colour,
            **style.spoken(),
        ),
        alt.Chart(_single_runs(rows, runs, traits, place))
        .mark_circle(size=12, color=style.INK, opacity=0.55)
        .encode(x="value:Q", y="lane:Q", **style.spoken()),
        alt.Chart(_notes(rows, traits))
        .mark_text(align="right", fontSize=11, color=style.MUTED, aria=False)
        .encode(x=alt.value(width), y="lane:Q", text="note:N"),
    ]
    if spec.chance is not None:
        layers.insert(0, style.chance_line(spec.chance, "x"))
    return alt.layer(*layers).properties(
        width=width, height=TRAIT_HEIGHT * len(traits), title=style.panel_title(*title)
    )


def _strip(
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    spec: PlotFigureSpec,
    panel: Panel,
    title: str,
    place: str,
) -> alt.HConcatChart:
    traits = traits_of(rows)
    found = student_bases(rows, panel)
    width = style.WIDTH // max(2, len(found)) - AXIS_WIDTH
    charts = [
        _panel(
            rows[rows["student_base"] == base],
            runs[runs["student_base"] == base],
            spec,
            traits,
            [title, base_pair(panel, base)],
            f"{place}, {base_pair(panel, base)}".removeprefix(", "),
            width,
        )
        for base in found
    ]
    return alt.hconcat(*charts, spacing=24)


def bases(tables: ExperimentTables, spec: PlotFigureSpec) -> ChartType:
    """Per trait, from the untrained base to its students, for every student base."""
    tables = tables.of(MEASURES[spec.measure])
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
    places = panel_places(titles, "teacher_base")
    parts = {panel: panel.select(rows) for panel in titles}
    strips = [
        _strip(parts[panel], panel.select_with_control(runs), spec, panel, title, places[panel])
        for panel, title in titles.items()
    ]
    counts = rows.loc[rows["condition"].isin(CONDITIONS), "n_runs"]
    sentence = f"n = {count_range(counts)} students per mean. {style.intervals_text(counts)}"
    single = [same_base(part).all() for part in parts.values()]
    if any(single):
        which = "No data have a" if all(single) else "Some data have no"
        sentence = f"{which} student of another base. {sentence}"
    return style.finish(alt.vconcat(*strips, spacing=30), TITLE, style.of_bases(sentence, spec))
