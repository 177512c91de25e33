"""Marks, axes and colours that the figures of transmission share."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from subliminal.config.evaluations import Measure
from subliminal.report.numbers import count_range
from subliminal.report.style import GREEN, GREY, SKY, VERMILION
from subliminal.transmission.config import DEVELOPMENT
from subliminal.transmission.verdicts import (
    BASE,
    OTHER,
    REGULAR,
    TRAIT,
    UNINTERPRETABLE,
    verdict_kind,
)

CONDITION_COLOURS = {BASE: GREY, REGULAR: SKY, OTHER: GREEN, TRAIT: VERMILION}
CONDITION_LABELS = {
    BASE: "untrained base",
    REGULAR: "regular data",
    OTHER: "data of other traits",
    TRAIT: "data of the trait",
}
GATE_FAILED = "(gate failed)"


def condition_colour(conditions: Sequence[str], field: str = "shown_as") -> alt.Color:
    """Colour by condition, with its legend above the panels."""
    return alt.Color(
        f"{field}:N",
        title=None,
        scale=alt.Scale(
            domain=[CONDITION_LABELS[c] for c in conditions],
            range=[CONDITION_COLOURS[c] for c in conditions],
        ),
    )


def measure_scale(measure: Measure) -> alt.Scale:
    """A measure with bounds is drawn between them, whatever its values are."""
    if measure.bounds is None:
        return alt.Scale(zero=True)
    return alt.Scale(domain=list(measure.bounds), padding=0)


def measure_axis(measure: Measure) -> alt.Axis:
    """The axis of a measure."""
    return alt.Axis(title=measure.label, tickCount=5, format=".1f")


def trait_labels(rows: pd.DataFrame, traits: Sequence[str]) -> list[list[str]]:
    """Each trait's label: its name, and what to know before reading its values."""
    labels = []
    for trait in traits:
        own = rows[rows["trait"] == trait]
        label = [trait]
        if (own["role"] == DEVELOPMENT).any():
            label.append("(development)")
        if (own["verdict"].map(verdict_kind) == UNINTERPRETABLE).any():
            label.append(GATE_FAILED)
        labels.append(label)
    return labels


def students_text(rows: pd.DataFrame) -> str:
    """The number of students behind each condition's values."""
    parts = []
    for condition in (REGULAR, OTHER, TRAIT):
        counts = rows.loc[rows["condition"] == condition, "n_runs"]
        if len(counts):
            parts.append(f"{count_range(counts)} ({CONDITION_LABELS[condition]})")
    return "Students per value: n = " + ", ".join(parts)
