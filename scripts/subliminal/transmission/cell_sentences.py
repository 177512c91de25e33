"""Sentences on the results of cells: those that have a verdict, with their controls."""

from __future__ import annotations

from typing import Any

import pandas as pd

from subliminal.evaluations.registry import MEASURES
from subliminal.report.findings import listed
from subliminal.report.numbers import number
from subliminal.report.verdicts import UNINTERPRETABLE, reason_of
from subliminal.transmission.config import DEVELOPMENT
from subliminal.transmission.schemas import GROUP
from subliminal.transmission.tables import treated
from subliminal.transmission.verdicts import (
    ABOVE_REGULAR,
    JUDGED,
    NOT_SPECIFIC,
    NOT_TOLD_APART,
    REGULAR,
    REVERSED,
    TOO_FEW,
    TRANSMISSION,
    verdict_kind,
)


def with_controls(transmission: pd.DataFrame) -> pd.DataFrame:
    """The rows that have a verdict, each with the mean of students of regular data beside it."""
    keys = [*GROUP, "trait"]
    rows = treated(transmission)
    control = transmission[transmission["condition"] == REGULAR]
    control = control[[*keys, "mean"]].rename(columns={"mean": "regular_mean"})
    rows = rows.merge(control, on=keys, how="left")
    return rows.assign(
        kind=rows["verdict"].map(verdict_kind), reason=rows["verdict"].map(reason_of)
    )


def _change(rows: pd.DataFrame) -> str:
    """Means over traits: untrained, regular data, data of the trait."""
    return (
        f"{number(rows['base_mean'].mean())} untrained, "
        f"{number(rows['regular_mean'].mean())} after regular data, "
        f"{number(rows['mean'].mean())} after the trait's data"
    )


def measured(rows: pd.DataFrame) -> str:
    """The measured quantity of these rows, in words."""
    return f"mean {MEASURES[rows['measure'].iloc[0]].noun}"


def _named_changes(rows: pd.DataFrame) -> str:
    """Each trait with the mean of students of regular data, of others' if need be, of its own."""

    def after(row: Any) -> str:
        others = f"{number(row.highest_other_mean)} after {row.highest_other}'s, "
        return (
            f"{row.trait} ({number(row.regular_mean)} after regular data, "
            f"{others if row.kind == NOT_SPECIFIC else ''}{number(row.mean)} after its own)"
        )

    return listed([after(row) for row in rows.itertuples()])


def _uninterpretable(rows: pd.DataFrame) -> str:
    return listed([f"{row.trait} ({row.reason})" for row in rows.itertuples()])


def _exceptions(rows: pd.DataFrame) -> list[str]:
    """A sentence on each kind of result that is not transmission."""
    of_kind = {kind: part for kind, part in rows.groupby("kind")}
    sentences = []
    if NOT_SPECIFIC in of_kind:
        sentences.append(
            "Not specific, higher than after regular data but not told apart from students of "
            f"another trait's data: {_named_changes(of_kind[NOT_SPECIFIC])}."
        )
    if ABOVE_REGULAR in of_kind:
        sentences.append(
            "Higher than after regular data, with no students of other traits' data beside it: "
            f"{_named_changes(of_kind[ABOVE_REGULAR])}."
        )
    if NOT_TOLD_APART in of_kind and rows["kind"].isin({*JUDGED} - {NOT_TOLD_APART}).any():
        sentences.append(
            f"Not told apart from regular data: {_named_changes(of_kind[NOT_TOLD_APART])}."
        )
    if REVERSED in of_kind:
        sentences.append(
            "Reversed, lower after the trait's data than after regular data: "
            f"{_named_changes(of_kind[REVERSED])}."
        )
    if UNINTERPRETABLE in of_kind:
        sentences.append(
            f"Uninterpretable, which is not a null: {_uninterpretable(of_kind[UNINTERPRETABLE])}."
        )
    if TOO_FEW in of_kind:
        sentences.append(f"Too few students for a verdict: {_named_changes(of_kind[TOO_FEW])}.")
    return sentences


def _lead(rows: pd.DataFrame, kind_of_trait: str) -> list[str]:
    judged = rows[rows["kind"].isin(JUDGED)]
    taken_over = judged[judged["kind"] == TRANSMISSION]
    count = f"{len(judged)} {kind_of_trait}{'' if len(judged) == 1 else 's'}"
    if len(taken_over):
        whose = "" if len(taken_over) == len(judged) else "their "
        return [
            f"{len(taken_over)} of {count} transmitted ({listed(list(taken_over['trait']))}): "
            f"{whose}{measured(taken_over)} {_change(taken_over)}; for each, the 95 % interval "
            "over students of its data lies above that of regular data and that of each other "
            "trait's data."
        ]
    if judged.empty:
        return []
    null = (judged["kind"] == NOT_TOLD_APART).all()
    outcome = "was told apart from regular data" if null else "transmitted"
    return [f"None of {count} {outcome}: {measured(judged)} {_change(judged)}."]


def describe(rows: pd.DataFrame) -> str:
    """The results of one base's students, trait by trait where they differ.

    Confirmation traits are counted; development traits are named apart, since the recipes were
    tuned on them.

    Args:
        rows: rows with a verdict, of one panel, variant and student base.
    """
    development = rows[rows["role"] == DEVELOPMENT]
    confirmation = rows[rows["role"] != DEVELOPMENT]
    if confirmation.empty:
        return " ".join(_lead(rows, "development trait") + _exceptions(rows))
    sentences = _lead(confirmation, "confirmation trait") + _exceptions(confirmation)
    if len(development):
        sentences.append(
            "Development: "
            + "; ".join(
                f"{row.trait}, {row.verdict} ({number(row.regular_mean)} after regular data, "
                f"{number(row.mean)} after its own)"
                for row in development.itertuples()
            )
            + "."
        )
    return " ".join(sentences)


def brief(rows: pd.DataFrame) -> str:
    """The same as a count, for settings beside the main one; all traits are counted."""
    judged = rows[rows["kind"].isin(JUDGED)]
    taken_over = judged[judged["kind"] == TRANSMISSION]
    parts = []
    if len(judged):
        shown = taken_over if len(taken_over) else judged
        which = f": {_marked(taken_over)}" if len(taken_over) else ""
        whose = "mean" if len(shown) == len(judged) else "their mean"
        parts.append(
            f"{len(taken_over)} of {len(judged)} transmitted{which} ({whose} "
            f"{number(shown['regular_mean'].mean())} after regular data, "
            f"{number(shown['mean'].mean())} after the trait's)"
        )
    for kind in (ABOVE_REGULAR, NOT_SPECIFIC, REVERSED, UNINTERPRETABLE, TOO_FEW):
        named = rows[rows["kind"] == kind]
        if len(named):
            parts.append(f"{kind}: {_marked(named)}")
    return ", ".join(parts)


def _marked(rows: pd.DataFrame) -> str:
    """Traits by name, with the development traits marked."""
    return listed(
        [
            f"{row.trait} (development)" if row.role == DEVELOPMENT else str(row.trait)
            for row in rows.itertuples()
        ]
    )
