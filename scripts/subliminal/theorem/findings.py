"""What a theorem experiment found, in a few sentences; every number is read from the tables."""

from __future__ import annotations

import pandas as pd

from subliminal.report.findings import MODEL_ORGANISM, Finding, Headline
from subliminal.report.numbers import number
from subliminal.report.specs import ExperimentTextSpec
from subliminal.theorem.tables import (
    AUXILIARY,
    OTHER,
    OUTPUT_ONLY,
    SAME,
    TheoremTables,
    own_and_other_traits,
    whole_networks,
)


def _range(values: pd.Series, digits: int = 2) -> str:
    low, high = number(values.min(), digits), number(values.max(), digits)
    return low if low == high else f"{low} to {high}"


def theorem_headline(tables: TheoremTables, text: ExperimentTextSpec) -> Headline:
    """How often the student's update has a positive inner product with the teacher's."""
    rows = _smallest(whole_networks(tables.theorem_summary))
    rows = rows[rows["logits"] == AUXILIARY]
    same, other = (_range(100 * rows.loc[rows["init"] == i, "positive"], 0) for i in (SAME, OTHER))
    return Headline(
        "On random networks, a student's first step on auxiliary logits has a positive inner "
        f"product with its teacher's in {same} % of problems from the same initial weights, and in "
        f"{other} % from others (chance 50 %)."
    )


def _smallest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["epsilon"] == rows["epsilon"].min()]


def _same_initialisation(rows: pd.DataFrame) -> Finding:
    same = rows[rows["init"] == SAME]
    small = _smallest(same)
    epsilon, n = small["epsilon"].iloc[0], int(same["n"].iloc[0])
    inner, slope = small["inner_error_max"].max(), small["slope_error_max"].max()
    return Finding.plain(
        "Same initialisation",
        f"In {n} random problems per setting, the student's update has a positive inner product "
        f"with the teacher's in {_range(100 * same['positive'], 1)} % at every step size. At "
        f"epsilon = {epsilon:g}, in the worst problem, the inner product over epsilon is within "
        f"{inner:.1e} of A, which is computed apart, and the slope of the loss of the teacher "
        f"within {slope:.1e} of minus A (relative errors).",
    )


def _other_initialisation(rows: pd.DataFrame) -> Finding:
    other, same = _smallest(rows[rows["init"] == OTHER]), rows[rows["init"] == SAME]
    auxiliary = other[other["logits"] == AUXILIARY]
    everything = other[other["logits"] != AUXILIARY]
    return Finding.plain(
        "Other initialisation",
        "On auxiliary logits the inner product is positive in "
        f"{_range(100 * auxiliary['positive'], 0)} % of the problems, and in "
        f"{_range(100 * auxiliary['did_positive'], 0)} % with the update on the outputs of the "
        f"untrained teacher taken off ({_covering_half(auxiliary)}). The teacher's loss falls in "
        f"{_range(100 * auxiliary['falls'], 0)} % (from the same initialisation in "
        f"{_range(100 * same['falls'], 0)} %). "
        "On all logits the student imitates the trait's own, which is ordinary distillation: "
        f"{_range(100 * everything['did_positive'], 0)} %.",
    )


def _covering_half(rows: pd.DataFrame) -> str:
    """How many exact intervals of a share leave its sign open."""
    covering = ((rows["did_positive_low"] <= 0.5) & (rows["did_positive_high"] >= 0.5)).sum()
    return f"{covering} of {len(rows)} exact 95 % intervals cover 50 %"


def _degenerate(summary: pd.DataFrame) -> Finding:
    rows = summary[summary["trainable"] == OUTPUT_ONLY]
    if rows.empty:
        return Finding.plain("Degenerate case", "Not measured.")
    exactly = rows["zero"].min() == 1 and rows["loss_change_max"].max() == 0
    return Finding.plain(
        "Degenerate case",
        "Where teacher and student move no parameter that the other reads, the inner product and "
        f"the change of the teacher's loss are {'exactly 0' if exactly else 'NOT exactly 0'} in "
        f"{'all' if exactly else 'some'} problems, from the same initialisation and from another.",
    )


def _language_model(tables: TheoremTables) -> Finding:
    cells = own_and_other_traits(tables)
    parts = []
    for labels, rows in cells.groupby("labels", sort=False):
        means = rows.groupby(["base", "pair"])["cosine"].mean()
        parts.append(
            f"{labels}: same base, own trait {number(means[SAME, 'own trait'], 3)}"
            + (
                f", other traits {number(means[SAME, 'other trait'], 3)}"
                if (SAME, "other trait") in means
                else ""
            )
            + f"; other base, own trait {number(means[OTHER, 'own trait'], 3)}"
        )
    return Finding.plain(
        "Language model",
        "Mean centred cosine of the first distillation update with the teacher's displacement, by "
        f"kind of labels. {'. '.join(parts)}.",
    )


def theorem_findings(tables: TheoremTables, text: ExperimentTextSpec) -> list[Finding]:
    """Same and other initialisation, the degenerate case, the language model."""
    rows = whole_networks(tables.theorem_summary)
    caveat = [Finding.plain("Caveat", MODEL_ORGANISM)] if text.model_organism else []
    return [
        _same_initialisation(rows),
        _other_initialisation(rows),
        _degenerate(tables.theorem_summary),
        _language_model(tables),
        *caveat,
    ]
