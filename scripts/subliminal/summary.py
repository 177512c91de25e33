"""From students' scores to the tables of an experiment. Pure: data frames in, data frames out.

The unit is the trained student: one value per student, a mean and a 95 % t interval over students.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from subliminal import verdicts
from subliminal.cells import CONTROL_METHOD
from subliminal.config import Gates
from subliminal.stats import Interval, diagonal_test, intervals_disjoint, t_interval

if TYPE_CHECKING:
    import pandas as pd

# What students must share to be compared.
GROUP = ["domain", "method", "variant", "recipe", "teacher_base", "student_base"]
# Two give an interval of one degree of freedom, which says nothing.
FEWEST_RUNS = 3
METRICS = {"share": "share", "margin": "margin", "rate": "rate_substring"}


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
    return rows.groupby(keys)[list(METRICS.values())].mean()


def _intervals(rows: pd.DataFrame) -> dict[str, Interval]:
    found = units(rows)
    return {name: t_interval(found[column].to_numpy()) for name, column in METRICS.items()}


def _columns(intervals: dict[str, Interval], rows: pd.DataFrame) -> dict[str, Any]:
    columns: dict[str, Any] = {"n_runs": len(rows)}
    for name, interval in intervals.items():
        columns[f"{name}_mean"] = interval.mean
        columns[f"{name}_low"] = interval.low
        columns[f"{name}_high"] = interval.high
    columns["rate_word_mean"] = rows["rate_word"].mean()
    return columns


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
    """What a cell shows: its students against its controls, by disjoint intervals.

    Args:
        regular: students of regular data.
        others: students of other traits' data, who tell this trait from a general drift; None or
            too few of them are no control.
    """
    if (reason := failed_gate(row)) is not None:
        return f"{verdicts.UNINTERPRETABLE}: {reason}"
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


def _gates(students: pd.DataFrame, teacher_share: float, rows_kept: float, gates: Gates) -> dict:
    # One teacher, dataset or student that fails is enough: means would hide it.
    drop = students["loss_drop"]
    moved = drop.notna().all() and drop.min() > gates.min_loss_drop
    return {
        "loss_drop": drop.mean(),
        "gate_teacher": bool(teacher_share >= gates.min_teacher_share),
        "gate_rows": bool(rows_kept >= gates.min_rows),
        "gate_moved": bool(moved),
    }


def _channel_rows(channel: pd.DataFrame, group: dict[str, str], trait: str) -> pd.DataFrame:
    keys = ["domain", "method", "teacher_base"]
    mask = (channel[keys] == [group[key] for key in keys]).all(axis=1)
    return channel[mask & (channel.trait == trait)]


def _channel_columns(channel: pd.DataFrame, group: dict[str, str], trait: str) -> dict[str, Any]:
    rows = _channel_rows(channel, group, trait)
    names = ["teacher_share", "rows_kept", "keep_rate", "kl_per_token", "entropy_per_token"]
    return {name: rows[name].mean() for name in names}


def _fewest_rows(channel: pd.DataFrame, group: dict[str, str], control: pd.DataFrame) -> float:
    """Of the datasets of these control students, the fewest rows kept; infinite without any."""
    datasets = channel.merge(
        control[["domain", "method", "teacher_base", "teacher_trait"]].drop_duplicates(),
        left_on=["domain", "method", "teacher_base", "trait"],
        right_on=["domain", "method", "teacher_base", "teacher_trait"],
    )
    return datasets["rows_kept"].min() if len(datasets) else float("inf")


def transmission_table(
    runs: pd.DataFrame,
    base_scores: pd.DataFrame,
    teacher_scores: pd.DataFrame,
    channel: pd.DataFrame,
    words: dict[str, str],
    roles: dict[str, str],
    gates: Gates,
) -> pd.DataFrame:
    """One row per group, trait and condition: the treatment with its controls beside it."""
    import pandas as pd

    table = []
    for group in treatment_groups(runs):
        students, control = students_of(runs, group), control_students(runs, group)
        for trait in sorted(students.teacher_trait.unique()):
            measured = students[students.measured_trait == trait]
            regular = control[control.measured_trait == trait]
            base = base_scores[
                (base_scores.base == group["student_base"])
                & (base_scores.candidate == words[trait])
            ]
            teacher = teacher_scores[
                (teacher_scores.base == group["teacher_base"])
                & (teacher_scores.method == group["method"])
                & (teacher_scores.trait == trait)
                & (teacher_scores.candidate == words[trait])
            ]
            conditions = {
                "base": base,
                "regular": regular,
                "other traits": measured[measured.teacher_trait != trait],
                "trait": measured[measured.teacher_trait == trait],
                "teacher": teacher,
            }
            shared = {
                **group,
                "trait": trait,
                "role": roles[trait],
                "base_share": base["share"].mean(),
                **_channel_columns(channel, group, trait),
            }
            intervals = {name: _intervals(rows) for name, rows in conditions.items() if len(rows)}
            for condition, found in intervals.items():
                row = {**shared, "condition": condition, **_columns(found, conditions[condition])}
                if condition == "trait":
                    own = _channel_rows(channel, group, trait)
                    row |= _gates(
                        conditions[condition],
                        own["teacher_share"].min(),
                        min(own["rows_kept"].min(), _fewest_rows(channel, group, control)),
                        gates,
                    )
                    shares = {name: metrics["share"] for name, metrics in intervals.items()}
                    row["verdict"] = verdict(
                        row, found["share"], shares.get("regular"), shares.get("other traits")
                    )
                table.append(row)
    columns = [
        *GROUP,
        "trait",
        "role",
        "condition",
        "n_runs",
        "share_mean",
        "share_low",
        "share_high",
        "margin_mean",
        "margin_low",
        "margin_high",
        "rate_mean",
        "rate_low",
        "rate_high",
        "rate_word_mean",
        "base_share",
        "teacher_share",
        "rows_kept",
        "keep_rate",
        "kl_per_token",
        "entropy_per_token",
        "loss_drop",
        "gate_teacher",
        "gate_rows",
        "gate_moved",
        "verdict",
    ]
    frame = pd.DataFrame(table, columns=columns)
    for gate in ("gate_teacher", "gate_rows", "gate_moved"):
        frame[gate] = frame[gate].astype("boolean")
    frame["verdict"] = frame["verdict"].fillna("")
    return frame


def trait_matrix(
    runs: pd.DataFrame, base_scores: pd.DataFrame, words: dict[str, str]
) -> pd.DataFrame:
    """Every teacher's trait against every measured trait, as lifts over the untrained base."""
    keys = [*GROUP, "teacher_trait", "measured_trait"]
    taught = runs[runs.method != CONTROL_METHOD]
    matrix = (
        taught.groupby(keys, sort=False)
        .agg(n_runs=("seed", "size"), share_mean=("share", "mean"), margin_mean=("margin", "mean"))
        .reset_index()
    )
    before = base_scores.set_index(["base", "candidate"])
    where = list(zip(matrix.student_base, matrix.measured_trait.map(words), strict=True))
    for metric in ("share", "margin"):
        base = before.loc[where, metric].to_numpy()
        matrix.insert(len(matrix.columns), f"{metric}_lift", matrix[f"{metric}_mean"] - base)
    columns = [*keys, "n_runs", "share_mean", "share_lift", "margin_mean", "margin_lift"]
    return matrix[columns]


def diagonal_table(matrix: pd.DataFrame) -> pd.DataFrame:
    """The permutation test of each group's diagonal; groups of one trait have none."""
    import pandas as pd

    rows = []
    for group, cells in matrix.groupby(GROUP, sort=False):
        traits = sorted(cells.teacher_trait.unique())
        if len(traits) < 2:
            continue
        square = cells[cells.measured_trait.isin(traits)]

        def lifts(metric: str, square: pd.DataFrame = square, order: list = traits) -> Any:
            table = square.pivot(index="teacher_trait", columns="measured_trait", values=metric)
            return table.loc[order, order].to_numpy()

        share, margin = diagonal_test(lifts("share_lift")), diagonal_test(lifts("margin_lift"))
        rows.append(
            {
                **dict(zip(GROUP, group, strict=True)),
                "traits": len(traits),
                "gamma": share.gamma,
                "p_value": share.p_value,
                "permutations": share.permutations,
                "margin_gamma": margin.gamma,
                "margin_p_value": margin.p_value,
            }
        )
    columns = [
        *GROUP,
        "traits",
        "gamma",
        "p_value",
        "permutations",
        "margin_gamma",
        "margin_p_value",
    ]
    return pd.DataFrame(rows, columns=columns)


def gates_table(
    channel: pd.DataFrame, base_scores: pd.DataFrame, words: dict[str, str], gates: Gates
) -> pd.DataFrame:
    """One row per dataset, with the gates that can be told before a student is trained."""
    table = channel.copy()
    before = base_scores.set_index(["base", "candidate"])["share"]
    where = zip(table.teacher_base, table.trait.map(words), strict=True)
    table["base_share"] = [before.get(key) for key in where]
    control = table.method == CONTROL_METHOD
    table["gate_teacher"] = control | (table.teacher_share >= gates.min_teacher_share)
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
