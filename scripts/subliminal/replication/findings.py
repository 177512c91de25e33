"""What a comparison with the paper found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from subliminal.replication.items import STANDINGS, counted
from subliminal.replication.tables import ReplicationTables
from subliminal.replication.verdicts import NOT_RUN, VERDICTS
from subliminal.report.findings import Finding, Headline, Statement, listed
from subliminal.report.specs import ExperimentTextSpec


def _counts(words: pd.Series, order: Sequence[str]) -> str:
    counts = words.value_counts()
    return listed([f"{counts[word]} {word}" for word in order if word in counts])


def replication_headline(tables: ReplicationTables, text: ExperimentTextSpec) -> Headline:
    """All items, claims and values in a few sentences, each once."""
    items, values = tables.items, counted(tables.paper)
    parts = [
        f"Figures and tables of the paper, {len(items)}: {_counts(items['verdict'], STANDINGS)}."
    ]
    for word, rows in (("Claims", tables.claims), ("Values", values)):
        if len(rows):
            parts.append(f"{word}, {len(rows)}: {_counts(rows['verdict'], VERDICTS)}.")
    toy = tables.claims["model_organism"] & (tables.claims["verdict"] != NOT_RUN)
    note = f"{int(toy.sum())} of the claims were asked of toy models." if toy.any() else ""
    return Headline(" ".join(parts), note)


def _of_claims(claims: pd.DataFrame) -> Iterator[str]:
    for row in claims.itertuples():
        yield f"{row.claim}: {row.verdict}{f' ({row.why})' if row.why else ''}."


def _of_values(values: pd.DataFrame) -> Iterator[str]:
    if values.empty:
        return
    yield f"Values, {len(values)}: {_counts(values['verdict'], VERDICTS)}."
    if reasons := sorted(set(values.loc[values["verdict"] == NOT_RUN, "why"])):
        yield f"Not run: {'; '.join(reasons)}."


def item_line(item: Any, claims: pd.DataFrame, values: pd.DataFrame) -> str:
    """What became of one item: of all of it, of each claim, and of its values.

    Args:
        item: its row of the table `items`.
        values: those that count by themselves.
    """
    because = f" ({item.why})" if item.why else ""
    whole = f"{item.title}. Verdict: {item.verdict}{because}."
    return " ".join([whole, *_of_claims(claims), *_of_values(values)])


def replication_findings(tables: ReplicationTables, text: ExperimentTextSpec) -> list[Finding]:
    """A line per item of the paper, in its order."""
    claims, values = tables.claims, counted(tables.paper)
    lines = [
        Statement(
            row.item,
            item_line(row, claims[claims["item"] == row.item], values[values["item"] == row.item]),
        )
        for row in tables.items.itertuples()
    ]
    return [Finding("Figures and tables of the paper", lines)]
