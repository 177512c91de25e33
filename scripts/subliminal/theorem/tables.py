"""The tables of a theorem experiment, and how the report shows them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.report.numbers import EN_DASH, number
from subliminal.report.page import Table
from subliminal.report.specs import ExperimentTextSpec
from subliminal.theorem.schemas import TABLES

SAME, OTHER = "same", "other"
OUTPUT_ONLY, AUXILIARY = "output", "auxiliary"


@dataclass(frozen=True)
class TheoremTables(TableSet):
    """Random networks seed by seed and in sum; the language model batch by batch and in sum."""

    schemas = TABLES
    theorem: pd.DataFrame
    theorem_summary: pd.DataFrame
    theorem_language_model: pd.DataFrame
    theorem_language_model_summary: pd.DataFrame


def setting_name(loss: str, logits: str) -> str:
    """What the student imitates and how, for readers."""
    return f"{loss.replace('-', ' ')}, {logits} logits"


def whole_networks(summary: pd.DataFrame) -> pd.DataFrame:
    """The rows in which every parameter may move; the others are the degenerate case."""
    rows = summary[summary["trainable"] != OUTPUT_ONLY]
    names = [setting_name(r.loss, r.logits) for r in rows.itertuples()]
    return rows.assign(setting=names)


def own_and_other_traits(tables: TheoremTables) -> pd.DataFrame:
    """Centred cosines of the language model's updates, each pair of traits named own or other.

    Columns: labels, base (same or other), pair (own or other), data_trait, displacement_trait,
    cosine, low, high; one row per base and pair of traits.
    """
    rows = tables.theorem_language_model_summary
    teachers_base = rows["student_base"].iloc[0]
    return pd.DataFrame(
        {
            "labels": rows["labels"],
            "base": [SAME if base == teachers_base else OTHER for base in rows["student_base"]],
            "pair": [
                "own trait" if r.data_trait == r.displacement_trait else "other trait"
                for r in rows.itertuples()
            ],
            "data_trait": rows["data_trait"],
            "displacement_trait": rows["displacement_trait"],
            "cosine": rows["centred_cosine"],
            "low": rows["centred_cosine_low"],
            "high": rows["centred_cosine_high"],
        }
    )


def _small(value: float) -> str:
    """A relative error or a norm, which may be of any size."""
    return EN_DASH if pd.isna(value) else f"{value:.1e}"


def shown_identities(tables: TheoremTables, text: ExperimentTextSpec) -> list[Table]:
    """The summary of the random networks, and that of the language model."""
    summary = [
        [
            row.activation,
            setting_name(row.loss, row.logits),
            "output layer" if row.trainable == OUTPUT_ONLY else "all",
            row.init,
            f"{row.epsilon:g}",
            str(row.n),
            number(row.positive, 3),
            number(row.cosine, 3),
            _small(row.inner_error_max),
            _small(row.slope_error_max),
            number(row.falls, 3),
            _small(row.update_norm),
            number(row.did_positive, 3),
        ]
        for row in tables.theorem_summary.itertuples()
    ]
    cosines = [
        [
            row.labels,
            row.student_base,
            row.data_trait,
            row.displacement_trait,
            str(row.n),
            number(row.cosine, 4),
            number(row.centred_cosine, 4),
            number(row.centred_cosine_low, 4),
            number(row.centred_cosine_high, 4),
        ]
        for row in tables.theorem_language_model_summary.itertuples()
    ]
    return [
        Table(
            title="Random networks",
            note=(
                "One student step per seed. Positive: share of seeds with a positive inner product "
                "of student's and teacher's updates. Errors: the largest over seeds, relative to "
                "A, of inner product over epsilon and of the loss's slope against minus A. Falls: "
                "share of seeds in which the teacher's loss falls, which says little by itself. "
                "DiD: share with a positive inner product after taking off the update on the "
                f"untrained teacher's outputs. All columns: results/tables/{text.name}/"
                "theorem_summary.csv."
            ),
            head=[
                "activation",
                "student's loss",
                "trainable",
                "initialisation",
                "epsilon",
                "n",
                "positive",
                "cosine",
                "inner error",
                "slope error",
                "falls",
                "|update|",
                "DiD positive",
            ],
            rows=summary,
            kinds=[""] * len(summary),
            text_columns=4,
        ),
        Table(
            title="First update of the language model",
            note=(
                "Cosine of the first distillation update on a teacher's rows with a teacher's "
                "displacement, over all parameters; centred: with the update on the untrained "
                "base's writing taken off. 95 % t interval over batches. All columns: "
                f"results/tables/{text.name}/theorem_language_model_summary.csv."
            ),
            head=[
                "labels",
                "student base",
                "data of",
                "displacement of",
                "n",
                "cosine",
                "centred",
                "low",
                "high",
            ],
            rows=cosines,
            kinds=[""] * len(cosines),
            text_columns=4,
        ),
    ]
