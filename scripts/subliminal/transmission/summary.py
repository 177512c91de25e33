"""From students' scores to the tables of an experiment. Pure: data frames in, data frames out.

The unit is the trained student: one value per student, a mean and a 95 % t interval over students.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from subliminal.config.paths import CONTROL_METHOD
from subliminal.stats import Interval, diagonal_test, intervals_disjoint, t_interval
from subliminal.transmission import schemas, verdicts
from subliminal.transmission.config import Gates

if TYPE_CHECKING:
    import pandas as pd

# What students must share to be compared.
GROUP = list(schemas.GROUP)
# Two give an interval of one degree of freedom, which says nothing.
FEWEST_RUNS = 3


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
    """Students of regular data: same domain, bases and recipe, whatever the method and variant."""
    keys = ["domain", "recipe", "teacher_base", "student_base"]
    mask = (runs[keys] == [group[key] for key in keys]).all(axis=1)
    return runs[mask & (runs.method == CONTROL_METHOD)]


def units(rows: pd.DataFrame) -> pd.DataFrame:
    """The independent values: students, or means per teacher where there are several teachers.

    Students of one teacher share its dataset, so they say nothing about other teachers' data.
    """
    if "teacher_seed" not in rows or rows["teacher_seed"].nunique() < 2:
        return rows
    keys = [key for key in ("teacher_trait", "teacher_seed") if key in rows]
    return rows.groupby(keys)[["value"]].mean()


def _interval(rows: pd.DataFrame) -> Interval:
    values = units(rows)["value"].tolist()
    if any(math.isnan(value) for value in values):
        return Interval(math.nan, math.nan, math.nan, len(values))
    return t_interval(values)


def failed_gate(row: dict[str, Any]) -> str | None:
    """Why a cell cannot be interpreted; None if it can."""
    if not row["gate_teacher"]:
        return "the teacher does not express the trait"
    if not row["gate_rows"]:
        return "the filter kept too few rows"
    if not row["gate_moved"]:
        return "the data did not move the students"
    return None


def verdict(
    row: dict[str, Any], trait: Interval, regular: Interval | None, others: Interval | None
) -> str:
    """The verdict on a cell: its students against its controls, by disjoint intervals.

    Args:
        regular: students of regular data.
        others: students of other traits' data, who tell this trait from a general drift; None or
            too few of them are no control.
    """
    if (reason := failed_gate(row)) is not None:
        return f"{verdicts.UNINTERPRETABLE}: {reason}"
    if math.isnan(trait.mean):
        return f"{verdicts.UNINTERPRETABLE}: the measure has no value"
    if regular is None or min(trait.n, regular.n) < FEWEST_RUNS:
        return verdicts.TOO_FEW
    if not intervals_disjoint(trait, regular):
        return verdicts.NOT_TOLD_APART
    if trait.mean < regular.mean:
        return verdicts.REVERSED
    if others is None or others.n < FEWEST_RUNS:
        return verdicts.TRANSMISSION
    higher = trait.mean > others.mean and intervals_disjoint(trait, others)
    return verdicts.TRANSMISSION if higher else verdicts.NOT_SPECIFIC


def _gates(
    students: pd.DataFrame, teacher_score: float, rows_kept: float, gates: Gates
) -> dict[str, Any]:
    # One teacher, dataset or student that fails is enough: means would hide it.
    drop = students["loss_drop"]
    moved = drop.notna().all() and drop.min() > gates.min_loss_drop
    return {
        "loss_drop": drop.mean(),
        "gate_teacher": bool(teacher_score >= gates.min_teacher),
        "gate_rows": bool(rows_kept >= gates.min_rows),
        "gate_moved": bool(moved),
    }


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
            own = _channel_rows(channel, group, trait)
            rows_kept = min(own["rows_kept"].min(), _fewest_rows(channel, group, control))
            for measure in measures:
                conditions = _conditions(group, trait, *of_measure[measure])
                intervals = {n: _interval(rows) for n, rows in conditions.items() if len(rows)}
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
                        row |= _gates(conditions[condition], score, rows_kept, gates)
                        row["verdict"] = verdict(
                            row,
                            found,
                            intervals.get(verdicts.REGULAR),
                            intervals.get(verdicts.OTHER),
                        )
                    table.append(row)
    columns = [column for column in schemas.TRANSMISSION.columns if column != "experiment"]
    frame = pd.DataFrame(table, columns=columns)
    for gate in ("gate_teacher", "gate_rows", "gate_moved"):
        frame[gate] = frame[gate].astype("boolean")
    frame["verdict"] = frame["verdict"].fillna("")
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


def diagonal_table(matrix: pd.DataFrame) -> pd.DataFrame:
    """The permutation test of each group's diagonal; groups of one trait have none."""
    import pandas as pd

    rows = []
    keys = [*GROUP, "measure"]
    for group, cells in matrix.groupby(keys, sort=False):
        traits = sorted(cells.teacher_trait.unique())
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
    unmoved = {"gate_moved": True}  # not known yet
    table["verdict"] = [
        failed_gate({**row, **unmoved}) or ""
        for row in table[["gate_teacher", "gate_rows"]].to_dict("records")
    ]
    return table


def per_token(nats: list[float | None], tokens: list[int], kept: list[bool]) -> float:
    """Mean nats per token over the kept rows that were measured; NaN if there are none."""
    rows = [(n, t) for n, t, k in zip(nats, tokens, kept, strict=True) if k and n is not None]
    total = sum(t for _, t in rows)
    return sum(n for n, _ in rows) / total if total else math.nan
