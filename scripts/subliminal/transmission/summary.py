"""From students' scores to the tables of an experiment. Pure: data frames in, data frames out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from subliminal.evaluations.favourite import MASS
from subliminal.report.verdicts import uninterpretable
from subliminal.stats import Interval
from subliminal.transmission import schemas, verdicts
from subliminal.transmission.comparisons import (
    PAPERS,
    by_other_trait,
    compared,
    control_students,
    dataset_means,
    interval_of,
    interval_over,
    measured_of,
    paired_difference,
    students_by_condition,
    students_of,
    treatment_groups,
    units,
)
from subliminal.transmission.config import Gates
from subliminal.transmission.judging import JUDGED_REASONS

if TYPE_CHECKING:
    import pandas as pd


def of_traits(scores: pd.DataFrame, targets: Mapping[str, str]) -> pd.DataFrame:
    """A model's values by trait and measure: columns `trait`, `measure` and `value`.

    A measure of the whole model is the same for every trait.

    Args:
        scores: columns `measure`, `target` and `value`.
        targets: what the evaluation calls each trait.
    """
    import pandas as pd

    return pd.concat(
        [
            scores[scores["target"].isin([target, ""])][["measure", "value"]].assign(trait=trait)
            for trait, target in targets.items()
        ],
        ignore_index=True,
    )


def failed_gate(row: dict[str, Any]) -> str | None:
    """Why a cell cannot be interpreted; None if it can."""
    if row["gate_teacher"] is not None and not row["gate_teacher"]:
        if math.isnan(row["teacher_score"]):
            return "the teacher has no value of the measure"
        return "the teacher does not express the trait"
    if not row["gate_rows"]:
        return "the filter kept too few rows"
    if row["gate_moved"] is not None and not row["gate_moved"]:
        return "the data did not move the students"
    if not row["gate_mass"]:
        return "the students hardly name any candidate"
    return None


def verdict(
    row: dict[str, Any], trait: Interval, regular: Interval | None, others: Sequence[Interval]
) -> str:
    """The verdict on a cell: its gates, and then its students against its controls."""
    if (reason := failed_gate(row)) is not None:
        return uninterpretable(reason)
    return compared(trait, regular, others)


def _gates(
    students: pd.DataFrame,
    masses: pd.Series,
    teachers: pd.DataFrame,
    rows_kept: float,
    gates: Gates,
) -> dict[str, Any]:
    # One teacher, dataset or student that fails is enough: means would hide it.
    drop = students["loss_drop"]
    known = drop[~(students["adopted"] & drop.isna())]
    moved = bool(known.notna().all() and known.min() > gates.min_loss_drop) if len(known) else None
    scores = teachers["teacher_score"]
    shown = bool((scores >= gates.min_teacher).all()) if len(teachers) else None
    return {
        "loss_drop": drop.mean(),
        "gate_teacher": shown,
        "gate_rows": bool(rows_kept >= gates.min_rows),
        "gate_moved": moved,
        "gate_mass": bool((masses >= gates.min_mass).all()),
    }


def _pairs(own: pd.DataFrame, regular: pd.DataFrame) -> dict[str, Any]:
    found = paired_difference(own, regular)
    if found is None:
        return {}
    return {
        "paired_difference": found.mean,
        "paired_low": found.low,
        "paired_high": found.high,
    }


def _highest(others: Mapping[str, Interval]) -> dict[str, Any]:
    """Of the other traits' students, those whose interval reaches highest."""
    if not others:
        return {}
    name = max(others, key=lambda trait: others[trait].high)
    return {"highest_other": name, "highest_other_mean": others[name].mean}


def _channel_rows(channel: pd.DataFrame, group: dict[str, str], trait: str) -> pd.DataFrame:
    keys = ["domain", "method", "teacher_base"]
    mask = (channel[keys] == [group[key] for key in keys]).all(axis=1)
    return channel[mask & (channel.trait == trait)]


def _channel_columns(rows: pd.DataFrame) -> dict[str, Any]:
    names = ["teacher_score", "rows_kept", "keep_rate", "kl_per_token", "entropy_per_token"]
    return {name: rows[name].mean() for name in names}


def _fewest_rows(channel: pd.DataFrame, group: dict[str, str], control: pd.DataFrame) -> float:
    """Of the datasets of these control students, the fewest rows kept; infinite without any."""
    datasets = channel.merge(
        control[["domain", "method", "teacher_base", "teacher_trait"]].drop_duplicates(),
        left_on=["domain", "method", "teacher_base", "trait"],
        right_on=["domain", "method", "teacher_base", "teacher_trait"],
    )
    return datasets["rows_kept"].min() if len(datasets) else float("inf")


def _conditions(
    group: dict[str, str],
    trait: str,
    other_traits: bool,
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    teacher_scores: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The models behind each condition of a trait, with their values of one measure."""
    base = base_scores[(base_scores.base == group["student_base"]) & (base_scores.trait == trait)]
    teacher = teacher_scores[
        (teacher_scores.base == group["teacher_base"])
        & (teacher_scores.method == group["method"])
        & (teacher_scores.trait == trait)
    ]
    students = students_by_condition(runs, group, trait, other_traits)
    return {verdicts.BASE: base, **students, verdicts.TEACHER: teacher}


def transmission_table(
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    teacher_scores: pd.DataFrame,
    channel: pd.DataFrame,
    measures: Sequence[str],
    roles: Mapping[str, str],
    gates: Gates,
    interval: str = "t",
    other_traits: bool = True,
) -> pd.DataFrame:
    """One row per group, trait, measure and condition: the treatment with its controls beside it.

    Args:
        runs, base_scores, teacher_scores: tidy, one row per model, trait and measure.
        measures: those to summarise, the primary one first.
        interval: how the paper's intervals are made, a key of `PAPERS`.
        other_traits: students of other traits' data are a control.
    """
    import pandas as pd

    of_measure = {
        measure: [frame[frame.measure == measure] for frame in (runs, base_scores, teacher_scores)]
        for measure in measures
    }
    table = []
    for group in treatment_groups(runs):
        students, control = students_of(runs, group), control_students(runs, group)
        for trait in measured_of(students):
            compared_with = pd.concat([students[students.teacher_trait == trait], control])
            masses_of = compared_with[compared_with.measure == MASS.name]
            own = _channel_rows(channel, group, trait)
            rows_kept = min(own["rows_kept"].min(), _fewest_rows(channel, group, control))
            for measure in measures:
                conditions = _conditions(group, trait, other_traits, *of_measure[measure])
                intervals = {
                    name: interval_over(dataset_means(r) if name == verdicts.OTHER else units(r))
                    for name, r in conditions.items()
                    if len(r)
                }
                others = by_other_trait(conditions[verdicts.OTHER])
                shared = {
                    **group,
                    "trait": trait,
                    "role": roles[trait],
                    "measure": measure,
                    "primary": measure == measures[0],
                    "base_mean": conditions[verdicts.BASE]["value"].mean(),
                    **_channel_columns(own),
                }
                for condition, found in intervals.items():
                    papers = interval_of(conditions[condition]["value"].tolist(), PAPERS[interval])
                    row = {
                        **shared,
                        "condition": condition,
                        "n_runs": len(conditions[condition]),
                        "mean": found.mean,
                        "low": found.low,
                        "high": found.high,
                        "paper_mean": papers.mean,
                        "paper_low": papers.low,
                        "paper_high": papers.high,
                    }
                    if condition == verdicts.TRAIT:
                        asked = own[own["teacher_asked"].astype(bool)]
                        masses = masses_of[masses_of.measured_trait == trait]["value"]
                        row |= _gates(conditions[condition], masses, asked, rows_kept, gates)
                        regular = intervals.get(verdicts.REGULAR)
                        row |= _highest(others)
                        row |= _pairs(conditions[condition], conditions[verdicts.REGULAR])
                        row["verdict"] = verdict(row, found, regular, list(others.values()))
                    table.append(row)
    columns = [column for column in schemas.TRANSMISSION.columns if column != "experiment"]
    frame = pd.DataFrame(table, columns=columns)
    for gate in ("gate_teacher", "gate_rows", "gate_moved", "gate_mass"):
        frame[gate] = frame[gate].astype("boolean")
    for text in ("highest_other", "verdict"):
        frame[text] = frame[text].fillna("")
    return frame


def gates_table(
    channel: pd.DataFrame,
    base_scores: pd.DataFrame,
    measured: Collection[str],
    measure: str,
    gates: Gates,
) -> pd.DataFrame:
    """One row per dataset, with the gates that can be told before a student is trained.

    Args:
        measured: the traits that a teacher must show; not controls and what is only compared with.
    """
    table = channel.copy()
    before = base_scores[base_scores.measure == measure].set_index(["base", "trait"])["value"]
    where = zip(table.teacher_base, table.trait, strict=True)
    table["base_score"] = [before.get(key) for key in where]
    shown = table.teacher_score >= gates.min_teacher
    table["gate_teacher"] = [
        None if trait in measured and not asked else trait not in measured or passed
        for trait, asked, passed in zip(table.trait, table.teacher_asked, shown, strict=True)
    ]
    table["gate_rows"] = table.rows_kept >= gates.min_rows
    known = table[["gate_teacher", "gate_rows", "teacher_score"]].to_dict("records")
    unknown = {"gate_moved": None, "gate_mass": True}  # as yet
    table["verdict"] = [failed_gate({**row, **unknown}) or "" for row in known]
    return table.astype({"gate_teacher": "boolean"})


def keep_rates(reasons: Sequence[Sequence[str]]) -> dict[str, float]:
    """How many rows a filter kept, and which parts its rule and its judge kept.

    Args:
        reasons: why each row was rejected; empty for a row that was kept.
    """
    kept = sum(not found for found in reasons)
    by_rule = sum(JUDGED_REASONS.issuperset(found) for found in reasons)
    return {
        "rows": len(reasons),
        "rows_kept": kept,
        "rule_keep_rate": by_rule / len(reasons),
        "judge_keep_rate": kept / by_rule if by_rule else math.nan,
        "keep_rate": kept / len(reasons),
    }


def per_token(nats: list[float | None], tokens: list[int], kept: list[bool]) -> float:
    """Mean nats per token over the kept rows that were measured; NaN if there are none."""
    rows = [(n, t) for n, t, k in zip(nats, tokens, kept, strict=True) if k and n is not None]
    total = sum(t for _, t in rows)
    return sum(n for n, _ in rows) / total if total else math.nan
