"""The main setting of an experiment, its first cell's: what the first screen shows."""

from __future__ import annotations

import pandas as pd

from subliminal.config.evaluations import Measure
from subliminal.report.findings import Headline, Statement
from subliminal.report.numbers import number
from subliminal.report.specs import ExperimentTextSpec
from subliminal.transmission.cell_sentences import with_controls
from subliminal.transmission.config import CONFIRMATION
from subliminal.transmission.tables import (
    ExperimentTables,
    alike,
    panels,
    plain,
    same_base,
    treated,
)
from subliminal.transmission.verdicts import BASE, JUDGED, OTHER, REGULAR, TRAIT, TRANSMISSION

MOST_CHARACTERS = 300
# What students can be, same base or not, in the order of the bars.
BARS = [*((True, name) for name in (BASE, REGULAR, OTHER, TRAIT)), (False, REGULAR), (False, TRAIT)]


def main_rows(tables: ExperimentTables) -> pd.DataFrame:
    """The rows of `transmission` that the first screen averages over; empty where there are none.

    They are those of the first cell's domain, teachers and recipe, on every base, of data as
    written and, where there are such, of confirmation traits.
    """
    rows = plain(tables.transmission)
    shown = panels(treated(rows))
    if not shown:
        return rows.iloc[:0]
    rows = pd.concat([panel.select(rows) for panel in alike(shown, shown[0])])
    chosen = rows[rows["role"] == CONFIRMATION]
    return chosen if len(chosen) else rows


def bars(rows: pd.DataFrame) -> dict[tuple[bool, str], pd.DataFrame]:
    """The pairs of trait and bases behind each bar, by whether base is shared and condition."""
    same = same_base(rows)
    parts = {
        (shared, condition): rows[(same == shared) & (rows["condition"] == condition)]
        for shared, condition in BARS
    }
    return {bar: part for bar, part in parts.items() if len(part)}


def headline(tables: ExperimentTables, measure: Measure, chance: float | None) -> Headline:
    """The main setting in two sentences, and the meaning of its measure.

    Args:
        chance: the measure's value by chance, if known.
    """
    rows = main_rows(tables)
    found = bars(rows)
    own = with_controls(rows)
    values, verdicts = [], []
    for shared, whose, where in (
        (True, "in students that share its base", "on the same base"),
        (False, "in students of another base", "on another base"),
    ):
        if (shared, TRAIT) not in found:
            continue
        controls = [
            f"{number(found[shared, condition]['mean'].mean())} {name}"
            for condition, name in ((BASE, "untrained"), (REGULAR, "after regular data"))
            if (shared, condition) in found
        ]
        mean = number(found[shared, TRAIT]["mean"].mean())
        values.append(f"{mean} {whose}" + (f" ({', '.join(controls)})" if controls else ""))
        kinds = own.loc[same_base(own) == shared, "kind"]
        judged = kinds[kinds.isin(JUDGED)]
        left_out = len(kinds) - len(judged)
        verdicts.append(
            f"{(judged == TRANSMISSION).sum()} of {len(judged)} {where}"
            + (f" ({left_out} more cannot be judged)" if left_out else "")
        )
    if not values:
        return Headline("No student of a teacher with a trait was trained.")
    by_chance = "" if chance is None else f" By chance it is {number(chance)}."
    return Headline(
        f"After a teacher's data, the {measure.noun} of its trait is {', and '.join(values)}. "
        f"Pairs of trait and base that transmit: {', '.join(verdicts)}.",
        f"{measure.noun.capitalize()}: {measure.meaning}{by_chance}",
    )


def example(tables: ExperimentTables, text: ExperimentTextSpec) -> list[Statement]:
    """The first trait's first row and first question, step by step; empty without students.

    Of judged answers also the first misaligned one to each question, with the question's number.
    """
    shown = tables.examples[same_base(tables.examples)]
    if shown.empty:
        return []
    row = shown.iloc[0]
    misaligned = row["misaligned_answers"]
    by_question = "Its first misaligned answer to each question, by number"
    return [
        Statement("A prompt", _short(row["prompt"])),
        Statement(f"The teacher, which favours {row['trait']}", _short(row["completion"])),
        Statement("A question", _short(row["question"])),
        Statement("Its base answers", _answers(row["base_answers"])),
        Statement("A student of such rows answers", _answers(row["student_answers"])),
        *([Statement(by_question, _answers(misaligned))] if misaligned else []),
    ]


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _answers(lines: str) -> str:
    return " · ".join(_short(line) for line in lines.split("\n"))
