"""What a comparison with the paper found, in sentences."""

from __future__ import annotations

import pandas as pd

from subliminal.replication.tables import ReplicationTables
from subliminal.replication.verdicts import NOT_RUN, VERDICTS
from subliminal.report.findings import Finding, Headline, Statement, listed
from subliminal.report.specs import ExperimentTextSpec


def _counted(rows: pd.DataFrame) -> str:
    counts = rows["verdict"].value_counts()
    return listed([f"{counts[verdict]} {verdict}" for verdict in VERDICTS if verdict in counts])


def item_verdict(rows: pd.DataFrame) -> str:
    """The verdict line of one item: how many of its values have which verdict."""
    reasons = sorted(set(rows.loc[rows["verdict"] == NOT_RUN, "reason"]))
    because = f" ({'; '.join(reasons)})" if reasons else ""
    return f"{_counted(rows)}{because}."


def replication_headline(tables: ReplicationTables, text: ExperimentTextSpec) -> Headline:
    """All verdicts in one sentence."""
    rows = tables.paper
    toy = int((rows["model_organism"] & (rows["verdict"] != NOT_RUN)).sum())
    note = f"Of these, {toy} were compared with toy models." if toy else ""
    return Headline(f"Of {len(rows)} values of the paper: {_counted(rows)}.", note)


def replication_findings(tables: ReplicationTables, text: ExperimentTextSpec) -> list[Finding]:
    """A line per item of the paper."""
    groups = tables.paper.groupby("item", sort=False)
    lines = [Statement(str(item), item_verdict(rows)) for item, rows in groups]
    return [Finding("Verdicts by item of the paper", lines)]
