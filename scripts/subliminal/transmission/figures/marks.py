"""Marks, axes and colours that the figures of transmission share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from subliminal.config.evaluations import Measure
from subliminal.report.numbers import counted, number, with_interval
from subliminal.report.style import BLUE, GREEN, GREY, INK, SKY, VERMILION
from subliminal.report.verdicts import reason_of
from subliminal.transmission.config import DEVELOPMENT
from subliminal.transmission.verdicts import (
    BASE,
    OTHER,
    REGULAR,
    TRAIT,
)

# The paper's intervals where they are not of t, as ours are.
NORMAL = "normal"
CONDITION_COLOURS = {BASE: GREY, REGULAR: SKY, OTHER: GREEN, TRAIT: VERMILION}
CONDITION_LABELS = {
    BASE: "untrained base",
    REGULAR: "regular data",
    OTHER: "data of other traits",
    TRAIT: "data of the trait",
}
GATE_FAILED = "(gate failed)"
# Cells that are darker than this part of the scale carry white numbers.
DARK = 0.75


def condition_colour(conditions: Sequence[str]) -> alt.Color:
    """Colour by condition, with its legend above the panels."""
    return alt.Color(
        "shown_as:N",
        title=None,
        legend=alt.Legend(symbolType="square"),  # a colour, of marks of any shape
        scale=alt.Scale(
            domain=[CONDITION_LABELS[c] for c in conditions],
            range=[CONDITION_COLOURS[c] for c in conditions],
        ),
    )


def measure_scale(measure: Measure) -> alt.Scale:
    """A measure with bounds is drawn between them, whatever its values and intervals are."""
    if measure.bounds is None:
        return alt.Scale(zero=True)
    return alt.Scale(domain=list(measure.bounds), padding=0, clamp=True)


def measure_axis(measure: Measure) -> alt.Axis:
    """The axis of a measure."""
    return alt.Axis(title=measure.label, tickCount=5, format=".1f")


def papers_whisker(chart: alt.Chart, x: str) -> alt.Chart:
    """The paper's interval as a thin dotted whisker, of `paper_low` and `paper_high`."""
    return (
        chart.transform_filter("isValid(datum.paper_low)")
        .mark_rule(color=INK, strokeWidth=1, strokeDash=[2, 2], aria=False)
        .encode(x=x, y="paper_low:Q", y2="paper_high:Q")
    )


def papers_said(low: float, high: float) -> str:
    """The end of a text that gives the paper's interval; empty where there is none."""
    return "" if pd.isna(low) else f", the paper's normal interval [{number(low)}, {number(high)}]"


def papers_text(over: str) -> str:
    """A sentence on the paper's whiskers.

    Args:
        over: the independent values, such as `students`.
    """
    return f"Dotted: 95 % normal interval over {over}, as in the paper."


def change_colour(column: str, limit: float) -> alt.Color:
    """The colour of a change from the untrained base; falls are blue, and none is white.

    Args:
        limit: the largest change that is drawn, in the measure's unit.
    """
    return alt.Color(
        f"{column}:Q",
        title="change from the untrained base",
        scale=alt.Scale(
            domain=[-limit, 0, limit], range=[BLUE, "#ffffff", VERMILION], interpolate="rgb"
        ),
        legend=alt.Legend(format=".1f", gradientLength=220, values=[-limit, 0, limit]),
    )


def change_ink(column: str, limit: float) -> Any:
    """The colour of a number that stands on `change_colour`."""
    dark = alt.when(f"abs(datum.{column}) > {DARK * limit}")
    return dark.then(alt.value("white")).otherwise(alt.value(INK))


def failed_gates(rows: pd.DataFrame) -> dict[str, str]:
    """The traits whose cell says nothing, with the reason."""
    reasons = zip(rows["trait"], rows["verdict"].map(reason_of), strict=True)
    return {trait: reason for trait, reason in reasons if reason}


def trait_labels(rows: pd.DataFrame, traits: Sequence[str]) -> list[list[str]]:
    """Each trait's label: its name, and what to know before reading its values."""
    failed = failed_gates(rows)
    development = set(rows.loc[rows["role"] == DEVELOPMENT, "trait"])
    return [
        [
            trait,
            *(["(development)"] if trait in development else []),
            *([GATE_FAILED] if trait in failed else []),
        ]
        for trait in traits
    ]


def row_notes(
    rows: pd.DataFrame, traits: Sequence[str], conditions: Sequence[str]
) -> dict[str, str]:
    """The traits of which a row needs a word: why it says nothing, or what it has not."""
    failed, known = failed_gates(rows), rows[rows["mean"].notna()]
    drawn = set(zip(known["trait"], known["condition"], strict=True))
    notes = {}
    for trait in traits:
        missing = [f"no {CONDITION_LABELS[c]}" for c in conditions if (trait, c) not in drawn]
        if found := [*([failed[trait]] if trait in failed else []), *missing]:
            notes[trait] = "; ".join(found)
    return notes


def means_said(rows: pd.DataFrame, place: str) -> list[str]:
    """Every mean in words: its trait and condition, its interval, and the students behind it.

    Args:
        place: the panel, if the figure has several; else empty.
    """
    texts = []
    for row in rows.itertuples():
        label = CONDITION_LABELS[row.condition]
        text = f"{row.trait}, {label}: "
        if row.condition == BASE:
            text += number(row.mean)
        else:
            value = with_interval(row.mean, row.low, row.high)
            text += f"mean {value}, {counted([row.n_runs], 'student')}"
        reason = reason_of(row.verdict)
        texts.append(text + (f"; gate failed: {reason}" if reason else "") + at(place))
    return texts


def students_said(runs: pd.DataFrame, place: str) -> list[str]:
    """Every student in words: the trait that is measured, its data, and its value.

    Args:
        runs: with a column `condition`.
        place: as in `means_said`.
    """
    texts = []
    for row in runs.itertuples():
        other = f"data of {row.teacher_trait}"
        data = other if row.condition == OTHER else CONDITION_LABELS[row.condition]
        student = f"student {row.seed} of {data}"
        texts.append(f"{row.measured_trait}, {student}: {number(row.value)}{at(place)}")
    return texts


def at(place: str) -> str:
    """The end of a text that names its panel; empty where the figure has a single one."""
    return f" ({place})" if place else ""
