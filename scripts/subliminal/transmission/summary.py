"""From students' scores to the tables of an experiment. Pure: data frames in, data frames out.

The unit is the trained student: one value per student, a mean and a 95 % t interval over students.
Students of other traits' data, taken together, count by dataset: those of one share its quirks.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT
from subliminal.evaluations.favourite import MASS
from subliminal.stats import Interval, diagonal_test, intervals_disjoint, t_interval
from subliminal.transmission import schemas, verdicts
from subliminal.transmission.config import CONFIRMATION, Gates

if TYPE_CHECKING:
    import pandas as pd

# What students must share to be compared.
GROUP = list(schemas.GROUP)
# Two give an interval of one degree of freedom, which says nothing.
FEWEST_RUNS = 3
# A wrong pair is two traits, and a third one is its control.
FEWEST_TRAITS = 3


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


def treatment_groups(runs: pd.DataFrame) -> list[dict[str, str]]:
    """The distinct groups in which a trait was taught, in order of appearance."""
    taught = runs[runs.method != CONTROL_METHOD]
    rows = taught[GROUP].drop_duplicates().to_dict("records")
    return [{str(key): str(value) for key, value in row.items()} for row in rows]


def students_of(runs: pd.DataFrame, group: dict[str, str]) -> pd.DataFrame:
    """The runs of a group whose teachers had a trait."""
    mask = (runs[GROUP] == [group[key] for key in GROUP]).all(axis=1)
    return runs[mask]


def control_students(runs: pd.DataFrame, group: dict[str, str]) -> pd.DataFrame:
    """Students of regular data: same domain, bases and recipe, whatever the method.

    Of the group's variant if there are any, and else of the data as they were written.
    """
    keys = ["domain", "recipe", "teacher_base", "student_base"]
    mask = (runs[keys] == [group[key] for key in keys]).all(axis=1)
    regular = runs[mask & (runs.method == CONTROL_METHOD)]
    alike = regular[regular.variant == group["variant"]]
    return alike if len(alike) else regular[regular.variant == PLAIN_VARIANT]


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


def _interval_of(values: Sequence[float]) -> Interval:
    """A t interval; without bounds and mean where a value is missing."""
    if any(math.isnan(value) for value in values):
        return Interval(math.nan, math.nan, math.nan, len(values))
    return t_interval(values)


def _interval(independent: pd.DataFrame) -> Interval:
    return _interval_of(independent["value"].tolist())


def failed_gate(row: dict[str, Any]) -> str | None:
    """Why a cell cannot be interpreted; None if it can."""
    if not row["gate_teacher"]:
        return "the teacher does not express the trait"
    if not row["gate_rows"]:
        return "the filter kept too few rows"
    if not row["gate_moved"]:
        return "the data did not move the students"
    if not row["gate_mass"]:
        return "the students hardly name any candidate"
    return None


def verdict(
    row: dict[str, Any], trait: Interval, regular: Interval | None, others: Sequence[Interval]
) -> str:
    """The verdict on a cell: its gates, and then its students against its controls."""
    if (reason := failed_gate(row)) is not None:
        return f"{verdicts.UNINTERPRETABLE}: {reason}"
    return compared(trait, regular, others)


def compared(trait: Interval, regular: Interval | None, others: Sequence[Interval]) -> str:
    """Students against their controls, by disjoint intervals.

    Args:
        regular: students of regular data.
        others: students of each other trait's data, who tell this trait from a general drift.
    """
    if any(math.isnan(found.mean) for found in (trait, *others, *([regular] if regular else []))):
        return f"{verdicts.UNINTERPRETABLE}: the measure has no value"
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
    found = {str(t): _interval(units(rows)) for t, rows in others.groupby("teacher_trait")}
    return {trait: interval for trait, interval in found.items() if interval.n >= FEWEST_RUNS}


def _gates(
    students: pd.DataFrame,
    masses: pd.Series,
    teacher_score: float,
    rows_kept: float,
    gates: Gates,
) -> dict[str, Any]:
    # One teacher, dataset or student that fails is enough: means would hide it.
    drop = students["loss_drop"]
    moved = drop.notna().all() and drop.min() > gates.min_loss_drop
    return {
        "loss_drop": drop.mean(),
        "gate_teacher": bool(teacher_score >= gates.min_teacher),
        "gate_rows": bool(rows_kept >= gates.min_rows),
        "gate_moved": bool(moved),
        "gate_mass": bool((masses >= gates.min_mass).all()),
    }


def paired_difference(own: pd.DataFrame, regular: pd.DataFrame) -> Interval | None:
    """Students of the trait's data less students of regular data, seed by seed.

    Students of one seed start from the same adapter. Where both datasets have as many rows, they
    take them in the same order. None without a pair, and where there are several teachers.
    """
    if own["teacher_seed"].nunique() > 1 or regular["teacher_seed"].nunique() > 1:
        return None
    pairs = own.merge(regular, on="seed", suffixes=("", "_regular"))
    differences = (pairs["value"] - pairs["value_regular"]).tolist()
    return _interval_of(differences) if differences else None


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
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    teacher_scores: pd.DataFrame,
) -> dict[str, pd.DataFrame]:
    """The models behind each condition of a trait, with their values of one measure."""
    measured = runs[runs.measured_trait == trait]
    students = students_of(measured, group)
    base = base_scores[(base_scores.base == group["student_base"]) & (base_scores.trait == trait)]
    teacher = teacher_scores[
        (teacher_scores.base == group["teacher_base"])
        & (teacher_scores.method == group["method"])
        & (teacher_scores.trait == trait)
    ]
    found = (
        base,
        control_students(measured, group),
        students[students.teacher_trait != trait],
        students[students.teacher_trait == trait],
        teacher,
    )
    return dict(zip(verdicts.CONDITIONS, found, strict=True))


def transmission_table(
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    teacher_scores: pd.DataFrame,
    channel: pd.DataFrame,
    measures: Sequence[str],
    roles: Mapping[str, str],
    gates: Gates,
) -> pd.DataFrame:
    """One row per group, trait, measure and condition: the treatment with its controls beside it.

    Args:
        runs, base_scores, teacher_scores: tidy, one row per model, trait and measure.
        measures: those to summarise, the primary one first.
    """
    import pandas as pd

    of_measure = {
        measure: [frame[frame.measure == measure] for frame in (runs, base_scores, teacher_scores)]
        for measure in measures
    }
    table = []
    for group in treatment_groups(runs):
        students, control = students_of(runs, group), control_students(runs, group)
        for trait in sorted(students.teacher_trait.unique()):
            compared_with = pd.concat([students[students.teacher_trait == trait], control])
            masses_of = compared_with[compared_with.measure == MASS.name]
            own = _channel_rows(channel, group, trait)
            rows_kept = min(own["rows_kept"].min(), _fewest_rows(channel, group, control))
            for measure in measures:
                conditions = _conditions(group, trait, *of_measure[measure])
                intervals = {
                    name: _interval(dataset_means(r) if name == verdicts.OTHER else units(r))
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
                    row = {
                        **shared,
                        "condition": condition,
                        "n_runs": len(conditions[condition]),
                        "mean": found.mean,
                        "low": found.low,
                        "high": found.high,
                    }
                    if condition == verdicts.TRAIT:
                        score = own["teacher_score"].min()
                        masses = masses_of[masses_of.measured_trait == trait]["value"]
                        row |= _gates(conditions[condition], masses, score, rows_kept, gates)
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


def _plain_mean(values: pd.Series) -> float:
    """A mean that is empty where one of its values is."""
    return float(values.mean(skipna=False))


def trait_matrix(
    runs: pd.DataFrame, base_scores: pd.DataFrame, measures: Sequence[str]
) -> pd.DataFrame:
    """Every teacher's trait against every measured trait, as lifts over the untrained base."""
    keys = [*GROUP, "measure", "teacher_trait", "measured_trait"]
    taught = runs[(runs.method != CONTROL_METHOD) & runs.measure.isin(measures)]
    matrix = (
        taught.groupby(keys, sort=False)
        .agg(n_runs=("seed", "size"), mean=("value", _plain_mean))
        .reset_index()
    )
    before = base_scores.set_index(["base", "trait", "measure"])["value"]
    where = zip(matrix.student_base, matrix.measured_trait, matrix.measure, strict=True)
    return matrix.assign(lift=matrix["mean"] - before.loc[list(where)].to_numpy())


def diagonal_table(matrix: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """The permutation test of each group's diagonal; groups of one trait have none.

    Traits that recipes were tuned on are left out: their diagonal was made high.
    """
    import pandas as pd

    rows = []
    keys = [*GROUP, "measure"]
    for group, cells in matrix.groupby(keys, sort=False):
        traits = sorted(t for t in cells.teacher_trait.unique() if roles[t] == CONFIRMATION)
        if len(traits) < 2:
            continue
        square = cells[cells.measured_trait.isin(traits)]
        table = square.pivot(index="teacher_trait", columns="measured_trait", values="lift")
        lifts = table.loc[traits, traits].to_numpy()
        row = {**dict(zip(keys, group, strict=True)), "traits": len(traits)}
        if not table.loc[traits, traits].isna().any(axis=None):
            test = diagonal_test(lifts)
            row |= {
                "gamma": test.gamma,
                "p_value": test.p_value,
                "permutations": test.permutations,
            }
        rows.append(row)
    columns = [column for column in schemas.DIAGONAL.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)


def wrong_pairs(runs: pd.DataFrame, measures: Sequence[str]) -> pd.DataFrame:
    """What the verdict's rule says of traits that a teacher does not have.

    Students of each trait's data are read for every other trait, as if that were their teacher's,
    against students of regular data and of every trait's data but these two. The rule needs such a
    third trait.
    """
    import pandas as pd

    rows = []
    for group in treatment_groups(runs):
        for measure in measures:
            found = runs[runs.measure == measure]
            students, control = students_of(found, group), control_students(found, group)
            taught = sorted(students.teacher_trait.unique())
            if len(taught) < FEWEST_TRAITS:
                continue
            for teacher, measured in itertools.permutations(taught, 2):
                seen = students[students.measured_trait == measured]
                own = seen[seen.teacher_trait == teacher]
                regular = control[control.measured_trait == measured]
                others = seen[~seen.teacher_trait.isin([teacher, measured])]
                interval = _interval(units(own))
                rows.append(
                    {
                        **group,
                        "measure": measure,
                        "teacher_trait": teacher,
                        "measured_trait": measured,
                        "n_runs": len(own),
                        "mean": interval.mean,
                        "low": interval.low,
                        "high": interval.high,
                        "verdict": compared(
                            interval,
                            _interval(units(regular)) if len(regular) else None,
                            list(by_other_trait(others).values()),
                        ),
                    }
                )
    columns = [column for column in schemas.WRONG_PAIRS.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)


def base_differences(transmission: pd.DataFrame) -> pd.DataFrame:
    """How much more a trait's data do to students of the teacher's base than to those of another.

    Per trait: own less regular students on the teacher's base, less the same on the other base. The
    unit is the trait; traits that recipes were tuned on are left out.
    """
    import pandas as pd

    keys = ["domain", "method", "variant", "recipe", "teacher_base", "measure"]
    at = [*keys, "student_base", "trait"]
    shown = transmission[transmission.role == CONFIRMATION]
    own, regular = (
        shown[shown.condition == condition][[*at, "mean"]]
        for condition in (verdicts.TRAIT, verdicts.REGULAR)
    )
    found = own.merge(regular, on=at, suffixes=("", "_regular"))
    found["rise"] = found["mean"] - found["mean_regular"]
    same = found.student_base == found.teacher_base
    pairs = found[~same].merge(
        found[same][[*keys, "trait", "rise"]], on=[*keys, "trait"], suffixes=("", "_same")
    )
    rows = []
    for group, part in pairs.groupby([*keys, "student_base"], sort=False):
        difference = _interval_of((part["rise_same"] - part["rise"]).tolist())
        rows.append(
            {
                **dict(zip([*keys, "student_base"], group, strict=True)),
                "traits": difference.n,
                "mean": difference.mean,
                "low": difference.low,
                "high": difference.high,
            }
        )
    columns = [column for column in schemas.BASE_DIFFERENCES.columns if column != "experiment"]
    return pd.DataFrame(rows, columns=columns)


def gates_table(
    channel: pd.DataFrame, base_scores: pd.DataFrame, measure: str, gates: Gates
) -> pd.DataFrame:
    """One row per dataset, with the gates that can be told before a student is trained."""
    table = channel.copy()
    before = base_scores[base_scores.measure == measure].set_index(["base", "trait"])["value"]
    where = zip(table.teacher_base, table.trait, strict=True)
    table["base_score"] = [before.get(key) for key in where]
    control = table.method == CONTROL_METHOD
    table["gate_teacher"] = control | (table.teacher_score >= gates.min_teacher)
    table["gate_rows"] = table.rows_kept >= gates.min_rows
    unknown = {"gate_moved": True, "gate_mass": True}  # as yet
    table["verdict"] = [
        failed_gate({**row, **unknown}) or ""
        for row in table[["gate_teacher", "gate_rows"]].to_dict("records")
    ]
    return table


def per_token(nats: list[float | None], tokens: list[int], kept: list[bool]) -> float:
    """Mean nats per token over the kept rows that were measured; NaN if there are none."""
    rows = [(n, t) for n, t, k in zip(nats, tokens, kept, strict=True) if k and n is not None]
    total = sum(t for _, t in rows)
    return sum(n for n, _ in rows) / total if total else math.nan
