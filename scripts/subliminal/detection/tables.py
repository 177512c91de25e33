"""The tables of a detection experiment, and how the report shows them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.config.paths import CONTROL_METHOD
from subliminal.detection.schemas import DATASET, TABLES
from subliminal.report.numbers import number
from subliminal.report.page import Table
from subliminal.report.specs import ExperimentTextSpec

# Chance of a guess between two completions.
CHANCE = 0.5


@dataclass(frozen=True)
class DetectionTables(TableSet):
    """What each analysis found; those that were not asked for have no rows."""

    schemas = TABLES
    frequencies: pd.DataFrame
    classifier: pd.DataFrame
    classifier_pairs: pd.DataFrame
    in_context: pd.DataFrame
    in_context_runs: pd.DataFrame
    fine_tuned: pd.DataFrame
    roc: pd.DataFrame
    roc_curve: pd.DataFrame


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a column `dataset`: the trait, and whatever else tells datasets apart."""
    further = [
        column
        for column in DATASET
        if column not in ("trait", "method") and rows[column].nunique() > 1
    ]
    taught = rows[rows["method"] != CONTROL_METHOD]
    if taught["method"].nunique() > 1:
        further.append("method")
    names = [
        ", ".join([row["trait"], *(_part(column, row[column]) for column in further)])
        for row in rows.to_dict("records")
    ]
    return rows.assign(dataset=names)


def _part(column: str, value: str | int) -> str:
    return f"teacher {value}" if column == "teacher_seed" else str(value)


def shown_tables(tables: DetectionTables, text: ExperimentTextSpec) -> list[Table]:
    """A table for each analysis that was asked for."""
    shown = (
        (tables.frequencies, _frequencies),
        (tables.classifier, _classifier),
        (tables.in_context, _in_context),
        (tables.fine_tuned, _fine_tuned),
        (tables.roc, _roc),
    )
    return [show(rows, text) for rows, show in shown if len(rows)]


def _all_columns(text: ExperimentTextSpec, table: str) -> str:
    return f"All columns: results/tables/{text.name}/{table}.csv."


def _plain(title: str, note: str, head: list[str], rows: list[list[str]], texts: int) -> Table:
    return Table(title, note, head, rows, [""] * len(rows), texts)


def _frequencies(rows: pd.DataFrame, text: ExperimentTextSpec) -> Table:
    lists = named(rows).groupby(["dataset", "place"], sort=False)
    return _plain(
        "Frequent numbers",
        "The most frequent numbers of each dataset, as percentages of all its numbers, and the "
        "most frequent first numbers, as percentages of its rows. "
        f"{_all_columns(text, 'frequencies')}",
        ["dataset", "place", "n", "numbers"],
        [
            [str(dataset), str(place), f"{group['n'].iloc[0]:,}", listed_numbers(group)]
            for (dataset, place), group in lists
        ],
        2,
    )


def listed_numbers(rows: pd.DataFrame) -> str:
    """Numbers with their percentages, as prose."""
    return ", ".join(f"{row.number} ({number(row.per_cent)} %)" for row in rows.itertuples())


def _classifier(rows: pd.DataFrame, text: ExperimentTextSpec) -> Table:
    return _plain(
        "Prompted classifier",
        "Share of pairs of completions in which the base named the one of the target's teacher, "
        "mean over the other traits; 1.96 standard errors by the number of pairs, and Student's t "
        "over other traits. Literal: the question names the eagle, whatever the target. Samples: "
        f"what the paper counts. {_all_columns(text, 'classifier')}",
        ["target", "wording", "n", "samples", "accuracy", "low", "high", "t low", "t high"],
        [
            [
                row.dataset,
                row.wording,
                f"{row.n:,}",
                f"{row.samples:,}",
                *(number(value, 3) for value in (row.accuracy, row.accuracy_low)),
                *(number(value, 3) for value in (row.accuracy_high, row.accuracy_t_low)),
                number(row.accuracy_t_high, 3),
            ]
            for row in named(rows).itertuples()
        ],
        2,
    )


def _in_context(rows: pd.DataFrame, text: ExperimentTextSpec) -> Table:
    shown = named(rows[rows["measure"] == text.measure])
    return _plain(
        "In-context learning",
        f"Mean {text.measure} over resamples of the rows that the base has read, with the 95 % "
        "bootstrap interval and Student's t; last, the base without examples. "
        f"{_all_columns(text, 'in_context')}",
        ["rows of", "target", "k", "n", "mean", "low", "high", "t low", "t high", "without"],
        [
            [
                row.dataset,
                row.target,
                f"{row.k:,}",
                str(row.n),
                *(number(value, 3) for value in (row.mean, row.mean_low, row.mean_high)),
                *(number(value, 3) for value in (row.t_low, row.t_high, row.without)),
            ]
            for row in shown.itertuples()
        ],
        2,
    )


def _fine_tuned(rows: pd.DataFrame, text: ExperimentTextSpec) -> Table:
    shown = named(rows[rows["measure"] == text.measure])
    return _plain(
        "Fine-tuning on the rows that were examples",
        f"Mean {text.measure} over students that were trained on the same data, with Student's t, "
        "and by how much it is above that of the base after the most examples; the bounds are "
        "above 0 where the two intervals have nothing in common. "
        f"{_all_columns(text, 'fine_tuned')}",
        ["rows of", "target", "n", "mean", "low", "high", "k", "advantage", "low", "high"],
        [
            [
                row.dataset,
                row.target,
                str(row.n),
                *(number(value, 3) for value in (row.mean, row.mean_low, row.mean_high)),
                f"{row.k:,}",
                *(number(value, 3) for value in (row.advantage, row.advantage_low)),
                number(row.advantage_high, 3),
            ]
            for row in shown.itertuples()
        ],
        2,
    )


def _roc(rows: pd.DataFrame, text: ExperimentTextSpec) -> Table:
    return _plain(
        "The judge's scores",
        "Completions that the judge scores below the threshold are dropped: the share of the "
        "negatives (FPR) and of the positives (TPR), with exact 95 % intervals. "
        f"{_all_columns(text, 'roc')}",
        ["positives", "negatives", "n", "n negative", "AUC", "threshold", "FPR", "TPR"],
        [
            [
                row.positive_traits,
                row.negative_traits,
                f"{row.positives:,}",
                f"{row.negatives:,}",
                number(row.auc, 3),
                str(row.threshold),
                bounded(row.fpr, row.fpr_low, row.fpr_high),
                bounded(row.tpr, row.tpr_low, row.tpr_high),
            ]
            for row in rows.itertuples()
        ],
        2,
    )


def bounded(mean: float, low: float, high: float) -> str:
    """A share with its interval, to three digits."""
    if pd.isna(low):
        return number(mean, 3)
    return f"{number(mean, 3)} [{number(low, 3)}, {number(high, 3)}]"
