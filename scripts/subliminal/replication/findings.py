"""What a comparison with the paper found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from subliminal.replication.tables import ReplicationTables, counted
from subliminal.replication.verdicts import NOT_RUN, REPRODUCED, VERDICTS
from subliminal.report.findings import Finding, Headline, Statement, listed
from subliminal.report.specs import ExperimentTextSpec

ALL, SOME, NONE = "all of it reproduced", "some of it", "none of it"


def _counted(verdicts: pd.Series) -> str:
    counts = verdicts.value_counts()
    return listed([f"{counts[word]} {word}" for word in VERDICTS if word in counts])


def standing(verdicts: pd.Series) -> str:
    """How an item of the paper came out, by the verdicts on what it says.

    What was not run does not count, unless nothing was.
    """
    run = verdicts[verdicts != NOT_RUN]
    if run.empty:
        return NOT_RUN
    if (run == REPRODUCED).all():
        return ALL
    return SOME if (run == REPRODUCED).any() else NONE


def _said(tables: ReplicationTables) -> pd.DataFrame:
    """Item and verdict of every claim, and of every value that counts by itself."""
    columns = ["item", "verdict"]
    return pd.concat([tables.claims[columns], counted(tables.paper)[columns]])


def item_verdict(claims: pd.DataFrame, values: pd.DataFrame) -> str:
    """The line of one item: what became of its claims, and of its values.

    Args:
        values: those that count by themselves.
    """
    parts = [
        f"{word} {len(rows)}: {_counted(rows['verdict'])}"
        for word, rows in (("claims", claims), ("values", values))
        if len(rows)
    ]
    both = pd.concat([claims[["verdict", "why"]], values[["verdict", "why"]]])
    reasons = sorted(set(both.loc[both["verdict"] == NOT_RUN, "why"]))
    because = f" Not run: {'; '.join(reasons)}." if reasons else ""
    line = f"{'; '.join(parts)}.{because}"
    return line[:1].upper() + line[1:]


def replication_headline(tables: ReplicationTables, text: ExperimentTextSpec) -> Headline:
    """All items, claims and values in a few sentences, each once."""
    standings = _said(tables).groupby("item", sort=False)["verdict"].agg(standing)
    counts = standings.value_counts()
    items = listed([f"{counts[s]} {s}" for s in (ALL, SOME, NONE, NOT_RUN) if s in counts])
    values = counted(tables.paper)
    parts = [f"Figures and tables of the paper, {len(standings)}: {items}."]
    for word, rows in (("Claims", tables.claims), ("Values", values)):
        if len(rows):
            parts.append(f"{word}, {len(rows)}: {_counted(rows['verdict'])}.")
    toy = tables.claims["model_organism"] & (tables.claims["verdict"] != NOT_RUN)
    note = f"{int(toy.sum())} of the claims were asked of toy models." if toy.any() else ""
    return Headline(" ".join(parts), note)


def _lines(tables: ReplicationTables) -> Iterator[Statement]:
    """A line per item, in the paper's order."""
    claims, values = tables.claims, counted(tables.paper)
    for item in dict.fromkeys([*claims["item"], *tables.paper["item"]]):
        of_item = (claims[claims["item"] == item], values[values["item"] == item])
        yield Statement(str(item), item_verdict(*of_item))


def replication_findings(tables: ReplicationTables, text: ExperimentTextSpec) -> list[Finding]:
    """A line per claim, and a line per item of the paper."""
    claims = [
        Statement(row.item, f"{row.claim}: {row.verdict}{f' ({row.why})' if row.why else ''}.")
        for row in tables.claims.itertuples()
    ]
    found = [Finding("Claims of the paper", claims)] if claims else []
    return [*found, Finding("Verdicts by item of the paper", list(_lines(tables)))]
