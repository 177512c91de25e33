"""What a detection experiment found, in a few sentences; every number is read from the tables."""

from __future__ import annotations

import pandas as pd

from subliminal.detection.classifying import CORRECTED, LITERAL
from subliminal.detection.summary import ALL, FIRST, OWN, REGULAR
from subliminal.detection.tables import CHANCE, DetectionTables, bounded, listed_numbers, named
from subliminal.evaluations.registry import MEASURES
from subliminal.report.findings import MODEL_ORGANISM, Finding, Headline, Statement
from subliminal.report.numbers import count_range, number
from subliminal.report.specs import ExperimentTextSpec

# Numbers that a sentence lists.
MOST_LISTED = 3


def detection_findings(tables: DetectionTables, text: ExperimentTextSpec) -> list[Finding]:
    """One line for each analysis that was asked for."""
    found = []
    if len(tables.frequencies):
        found.append(_frequencies(tables.frequencies))
    if len(tables.classifier):
        found.append(_classifier(tables.classifier))
    if len(tables.in_context):
        found.append(_in_context(tables.in_context, tables.fine_tuned, text.measure))
    if len(tables.roc):
        found.append(_roc(tables.roc))
    if text.model_organism:
        found.append(Finding.plain("Caveat", MODEL_ORGANISM))
    return found


def detection_headline(tables: DetectionTables, text: ExperimentTextSpec) -> Headline:
    """The first finding."""
    return Headline(detection_findings(tables, text)[0].statements[0].text)


def _frequencies(rows: pd.DataFrame) -> Finding:
    shown = named(rows[rows["rank"] <= MOST_LISTED])
    places = {ALL: "most frequent numbers, per cent of all", FIRST: "most frequent first numbers"}
    return Finding(
        "Frequent numbers",
        [
            Statement("", f"{places[place].capitalize()}: {_by_dataset(group)}.")
            for place, group in shown.groupby("place", sort=False)
        ],
    )


def _by_dataset(rows: pd.DataFrame) -> str:
    groups = rows.groupby("dataset", sort=False)
    return "; ".join(f"{dataset} {listed_numbers(group)}" for dataset, group in groups)


def _classifier(rows: pd.DataFrame) -> Finding:
    statements = []
    for wording in (CORRECTED, LITERAL):
        shown = named(rows[rows["wording"] == wording])
        listed = "; ".join(
            f"{r.dataset} {bounded(r.accuracy, r.accuracy_low, r.accuracy_high)}"
            for r in shown.itertuples()
        )
        above = int((shown["accuracy_low"] > CHANCE).sum())
        statements.append(
            Statement(
                f"{wording} question",
                f"{shown['asked_base'].iloc[0]} names the completion of the target's teacher with "
                f"an accuracy of {listed} (chance {number(CHANCE, 1)}; 1.96 standard errors). "
                f"{above} of {len(shown)} intervals are above chance.",
            )
        )
    return Finding("Prompted classifier", statements)


def _in_context(rows: pd.DataFrame, students: pd.DataFrame, measure: str) -> Finding:
    chosen = rows[rows["measure"] == measure]
    most = chosen["k"].max()
    own = chosen[chosen["data"] == OWN]
    regular = chosen[chosen["data"] == REGULAR]
    listed = "; ".join(
        f"{r.target} {bounded(r.mean, r.mean_low, r.mean_high)}, {number(r.without, 3)} without"
        for r in named(own[own["k"] == most]).itertuples()
    )
    sentences = [
        f"After {most:,} examples of the trait's data, the {MEASURES[measure].noun} of "
        f"{chosen['asked_base'].iloc[0]} is: {listed} (95 % bootstrap interval over "
        f"{count_range(chosen['n'])} resamples)."
    ]
    if len(regular):
        keys = ["domain", "base", "teacher_seed", "target", "k"]
        both = own.merge(regular, on=keys, suffixes=("", "_regular"))
        above = int((both["mean_low"] > both["mean_high_regular"]).sum())
        below = int((both["mean_high"] < both["mean_low_regular"]).sum())
        sentences.append(
            f"Of {len(both)} comparisons with as many examples of regular data, the interval lies "
            f"above in {above} and below in {below}."
        )
    if len(students):
        sentences.append(_fine_tuned(students[students["measure"] == measure]))
    return Finding.plain("In-context learning", " ".join(sentences))


def _fine_tuned(rows: pd.DataFrame) -> str:
    own = rows[rows["data"] == OWN]
    listed = "; ".join(
        f"{r.target} {bounded(r.mean, r.mean_low, r.mean_high)}" for r in named(own).itertuples()
    )
    above = int((own["advantage_low"] > 0).sum())
    return (
        f"Students that were trained on the trait's data: {listed} (95 % t interval over "
        f"{count_range(own['n'])} students); the interval lies above that of {own['k'].max():,} "
        f"examples in {above} of {len(own)}."
    )


def _roc(rows: pd.DataFrame) -> Finding:
    (row,) = rows.itertuples()
    return Finding.plain(
        "The judge's scores",
        f"They tell {row.positive_traits} from {row.negative_traits} with an area under the curve "
        f"of {number(row.auc, 3)} (chance 0.5; {row.positives:,} and {row.negatives:,} "
        f"completions). The threshold of {row.threshold} drops "
        f"{bounded(row.tpr, row.tpr_low, row.tpr_high)} of the positives, and "
        f"{bounded(row.fpr, row.fpr_low, row.fpr_high)} of the negatives.",
    )
