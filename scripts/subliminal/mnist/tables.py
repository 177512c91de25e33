"""The tables of an MNIST experiment, and how its accuracies are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.mnist.roles import REFERENCE, TEACHER, TEACHERS
from subliminal.mnist.schemas import TABLES
from subliminal.report.numbers import count_range, number
from subliminal.report.page import Table
from subliminal.report.specs import ExperimentTextSpec
from subliminal.stats import t_interval

SETTING = ["comparison", "auxiliary_logits", "role", "model", "cloning_epochs"]
CHANCE = 0.1


@dataclass(frozen=True)
class MnistTables(TableSet):
    """One row per setting with its interval, and one row per network."""

    schemas = TABLES
    accuracy: pd.DataFrame
    mnist_runs: pd.DataFrame


def ordered(runs: pd.DataFrame, students: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The runs as they are shown: comparison by comparison, and student by student.

    Args:
        students: by comparison, in order; references and teachers come before them.
    """
    shown = [(TEACHERS, REFERENCE), (TEACHERS, TEACHER)]
    shown += [(comparison, name) for comparison, names in students.items() for name in names]
    place = {key: position for position, key in enumerate(shown)}
    keys = [place[key] for key in zip(runs["comparison"], runs["model"], strict=True)]
    by = ["place", "auxiliary_logits", "cloning_epochs", "replica"]
    return runs.assign(place=keys).sort_values(by, ignore_index=True).drop(columns="place")


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracy per setting over replicas, in the order of the runs.

    Two 95 % intervals: Student's t, as in ED Fig. 2, and the released script's, 1.96 standard
    deviations by the number of replicas itself, over its square root.
    """
    rows = []
    for key, group in runs.groupby(SETTING, sort=False, dropna=False):
        interval = t_interval(group["accuracy"].tolist())
        error = group["accuracy"].std(ddof=0) / len(group) ** 0.5
        rows.append(
            {
                **dict(zip(SETTING, key, strict=True)),
                "n": interval.n,
                "own_initialisations": int(group["own_initialisation"].sum()),
                "mean": interval.mean,
                "low": interval.low,
                "high": interval.high,
                "normal_low": interval.mean - 1.96 * error,
                "normal_high": interval.mean + 1.96 * error,
            }
        )
    return pd.DataFrame(rows).astype({"auxiliary_logits": "int32", "cloning_epochs": "Int32"})


def comparison_rows(accuracy: pd.DataFrame, comparison: str) -> pd.DataFrame:
    """Rows of one comparison, with the reference and the teacher of each of its m before it."""
    students = accuracy[accuracy["comparison"] == comparison]
    teachers = accuracy[
        (accuracy["comparison"] == TEACHERS)
        & accuracy["auxiliary_logits"].isin(students["auxiliary_logits"])
    ]
    return pd.concat([teachers, students], ignore_index=True)


def comparisons(accuracy: pd.DataFrame) -> list[str]:
    """The comparisons in their order."""
    return [c for c in accuracy["comparison"].drop_duplicates() if c != TEACHERS]


def labelled(model: str, cloning_epochs: float) -> str:
    """A model's name for readers."""
    name = model.replace("-", " ")
    return name if pd.isna(cloning_epochs) else f"{name}, {int(cloning_epochs)} cloning epochs"


def shown_accuracies(tables: MnistTables, text: ExperimentTextSpec) -> list[Table]:
    """One table per comparison."""
    return [_shown(tables.accuracy, name, text.name) for name in comparisons(tables.accuracy)]


def _shown(accuracy: pd.DataFrame, comparison: str, experiment: str) -> Table:
    rows = [
        [
            labelled(row.model, row.cloning_epochs),
            str(row.auxiliary_logits),
            str(row.n),
            number(row.mean, 3),
            number(row.low, 3),
            number(row.high, 3),
            str(row.own_initialisations),
        ]
        for row in comparison_rows(accuracy, comparison).itertuples()
    ]
    return Table(
        title=f"Accuracy: {comparison.replace('_', ' ')}",
        note=(
            "Share of MNIST's 10,000 test digits whose largest class logit is right, mean over "
            "replicas with the 95 % t interval; the last column counts the replicas that started "
            "from their own teacher's initialisation. All columns: "
            f"results/tables/{experiment}/accuracy.csv."
        ),
        head=["network", "m", "n", "accuracy", "low", "high", "same start"],
        rows=rows,
        kinds=[""] * len(rows),
        text_columns=1,
    )


def replicas_text(rows: pd.DataFrame) -> str:
    """How many replicas stand behind the values."""
    counts: Sequence[int] = rows["n"].tolist()
    return f"n = {count_range(counts)} replicas. Whiskers and bands: 95 % t interval over replicas."
