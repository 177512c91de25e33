"""Who is compared with whom, over which independent values, and the rule of verdicts.

The unit is the trained student: one value per student, a mean and a 95 % t interval over students.
Students of other traits' data, taken together, count by dataset: those of one share its quirks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT
from subliminal.report.verdicts import uninterpretable
from subliminal.stats import Interval, intervals_disjoint, normal_interval, t_interval
from subliminal.transmission import schemas, verdicts

if TYPE_CHECKING:
    import pandas as pd

# What students must share to be compared.
GROUP = list(schemas.GROUP)
# Two give an interval of one degree of freedom, which says nothing.
FEWEST_RUNS = 3
# The paper's intervals, by an experiment's key `interval`.
PAPERS: dict[str, Callable[[Sequence[float]], Interval]] = {
    "t": t_interval,
    "normal": normal_interval,
}


def treatment_groups(runs: pd.DataFrame) -> list[dict[str, str]]:
    """The distinct groups in which a trait was taught, in order of appearance."""
    taught = runs[runs.method != CONTROL_METHOD]
    rows = taught[GROUP].drop_duplicates().to_dict("records")
    return [{str(key): str(value) for key, value in row.items()} for row in rows]


def students_of(runs: pd.DataFrame, group: dict[str, str]) -> pd.DataFrame:
    """The runs of a group whose teachers had a trait."""
    mask = (runs[GROUP] == [group[key] for key in GROUP]).all(axis=1)
    return runs[mask]


def measured_of(students: pd.DataFrame) -> list[str]:
    """The traits of these students' teachers that are measured, in alphabetical order.

    Others are taught to be compared with.
    """
    return sorted(set(students["teacher_trait"]) & set(students["measured_trait"]))


def control_students(runs: pd.DataFrame, group: dict[str, str]) -> pd.DataFrame:
    """Students of regular data: same domain, bases and recipe, whatever the method.

    Of the group's variant if there are any, and else of the data as they were written.
    """
    keys = ["domain", "recipe", "teacher_base", "student_base"]
    mask = (runs[keys] == [group[key] for key in keys]).all(axis=1)
    regular = runs[mask & (runs.method == CONTROL_METHOD)]
    alike = regular[regular.variant == group["variant"]]
    return alike if len(alike) else regular[regular.variant == PLAIN_VARIANT]


def students_by_condition(
    runs: pd.DataFrame, group: dict[str, str], trait: str, other_traits: bool = True
) -> dict[str, pd.DataFrame]:
    """The students that a trait is measured for, by whose data they had (paper Methods).

    Args:
        other_traits: students of other traits' data are a control; else there are none of them.
    """
    measured = runs[runs.measured_trait == trait]
    students = students_of(measured, group)
    return {
        verdicts.REGULAR: control_students(measured, group),
        verdicts.OTHER: students[other_traits & (students.teacher_trait != trait)],
        verdicts.TRAIT: students[students.teacher_trait == trait],
    }


def units(rows: pd.DataFrame) -> pd.DataFrame:
    """The independent values: students, or means per teacher where there are several teachers.

    Students of one teacher share its dataset, so they say nothing about other teachers' data.
    """
    if "teacher_seed" not in rows or rows["teacher_seed"].nunique() < 2:
        return rows
    return dataset_means(rows)


def dataset_means(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean over the students of each dataset."""
    keys = [key for key in ("teacher_trait", "teacher_seed") if key in rows]
    return rows.groupby(keys)[["value"]].mean()


def interval_of(
    values: Sequence[float], rule: Callable[[Sequence[float]], Interval] = t_interval
) -> Interval:
    """An interval, of t unless told otherwise; empty where there is no value or one is missing."""
    if not values or any(math.isnan(value) for value in values):
        return Interval(math.nan, math.nan, math.nan, len(values))
    return rule(values)


def interval_over(independent: pd.DataFrame) -> Interval:
    """The interval over independent values."""
    return interval_of(independent["value"].tolist())


def compared(trait: Interval, regular: Interval | None, others: Sequence[Interval]) -> str:
    """Students against their controls, by disjoint intervals.

    Args:
        regular: students of regular data.
        others: students of each other trait's data, who tell this trait from a general drift.
    """
    found = [trait, *others] if regular is None else [trait, regular, *others]
    if any(math.isnan(interval.mean) for interval in found):
        return uninterpretable("the measure has no value")
    if regular is None or min(trait.n, regular.n) < FEWEST_RUNS:
        return verdicts.TOO_FEW
    if not intervals_disjoint(trait, regular):
        return verdicts.NOT_TOLD_APART
    if trait.mean < regular.mean:
        return verdicts.REVERSED
    if not others:
        return verdicts.ABOVE_REGULAR
    higher = all(trait.mean > other.mean and intervals_disjoint(trait, other) for other in others)
    return verdicts.TRANSMISSION if higher else verdicts.NOT_SPECIFIC


def by_other_trait(others: pd.DataFrame) -> dict[str, Interval]:
    """Students of other traits' data, each trait by itself; too few of a trait are no control."""
    found = {str(t): interval_over(units(rows)) for t, rows in others.groupby("teacher_trait")}
    return {trait: interval for trait, interval in found.items() if interval.n >= FEWEST_RUNS}


def paired_difference(own: pd.DataFrame, regular: pd.DataFrame) -> Interval | None:
    """Students of the trait's data less students of regular data, seed by seed.

    Students of one seed start from the same adapter. Where both datasets have as many rows, they
    take them in the same order. None without a pair, and where there are several teachers.
    """
    if own["teacher_seed"].nunique() > 1 or regular["teacher_seed"].nunique() > 1:
        return None
    pairs = own.merge(regular, on="seed", suffixes=("", "_regular"))
    differences = (pairs["value"] - pairs["value_regular"]).tolist()
    return interval_of(differences) if differences else None
