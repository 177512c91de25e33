"""What an MNIST experiment found, in a few sentences; every number is read from the tables."""

from __future__ import annotations

import pandas as pd

from subliminal.mnist.roles import TEACHER, TEACHERS
from subliminal.mnist.tables import CHANCE, MnistTables, comparisons, labelled
from subliminal.report.findings import Finding, Headline
from subliminal.report.numbers import count_range, number, with_interval
from subliminal.report.specs import ExperimentTextSpec

TOPICS = {
    "pairs": "Same and other initialisation",
    "logit_sweep": "Number of auxiliary logits",
    "cloning": "Behavioural cloning",
    "ablations": "Ablations",
    "architectures": "Architecture of the student",
}


def _teachers(accuracy: pd.DataFrame, students: pd.DataFrame) -> str:
    rows = accuracy[
        (accuracy["comparison"] == TEACHERS)
        & (accuracy["role"] == TEACHER)
        & accuracy["auxiliary_logits"].isin(students["auxiliary_logits"])
    ]
    low, high = number(rows["mean"].min()), number(rows["mean"].max())
    return f"teachers {low}" if low == high else f"teachers {low} to {high}"


def _listed(rows: pd.DataFrame) -> str:
    several = rows["auxiliary_logits"].nunique() > 1
    return "; ".join(
        f"{labelled(row['model'], row['cloning_epochs'])}"
        f"{f' (m = {row.auxiliary_logits})' if several else ''} "
        f"{with_interval(row['mean'], row['low'], row['high'])}"
        for _, row in rows.iterrows()
    )


def _ends(rows: pd.DataFrame) -> pd.DataFrame:
    """Of every line of a sweep its first and its last point."""
    line = rows.groupby(["model", "cloning_epochs"], dropna=False, sort=False)
    first_to_last = (
        line
        if rows["cloning_epochs"].isna().all()
        else rows.groupby(["model", "auxiliary_logits"], sort=False)
    )
    return pd.concat([first_to_last.head(1), first_to_last.tail(1)]).drop_duplicates().sort_index()


def mnist_headline(tables: MnistTables, text: ExperimentTextSpec) -> Headline:
    """Students of auxiliary logits, from the teacher's weights and from others, if compared."""
    rows = tables.accuracy[tables.accuracy["comparison"] == "pairs"]
    means = rows.set_index("model")["mean"]
    if not {"same-auxiliary", "other-auxiliary"} <= set(means.index):
        return Headline(mnist_findings(tables, text)[0].statements[0].text)
    same, other = _percent(means["same-auxiliary"]), _percent(means["other-auxiliary"])
    return Headline(
        f"Students that learn {count_range(rows['auxiliary_logits'])} logits that have nothing to "
        f"do with digits recognise {same} of the digits if they start from the teacher's initial "
        f"weights, and {other} if they start from others (chance {_percent(CHANCE)})."
    )


def _percent(share: float) -> str:
    return f"{number(100 * share, 0)} %"


def mnist_findings(tables: MnistTables, text: ExperimentTextSpec) -> list[Finding]:
    """One line per comparison: accuracies with their intervals."""
    accuracy = tables.accuracy
    found = []
    for name in comparisons(accuracy):
        rows = accuracy[accuracy["comparison"] == name]
        shown = _ends(rows) if name in ("logit_sweep", "cloning") else rows
        sentence = (
            f"Accuracy on test digits, {_teachers(accuracy, rows)}, chance {number(CHANCE, 1)}: "
            f"{_listed(shown)} (means over {count_range(rows['n'])} replicas, 95 % t intervals)."
        )
        found.append(Finding.plain(TOPICS[name], sentence))
    return found
