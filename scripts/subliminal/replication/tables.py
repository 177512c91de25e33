"""The table of a comparison with the paper, and how the report shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.replication.schemas import TABLES
from subliminal.replication.verdicts import NOT_RUN
from subliminal.report.numbers import EN_DASH, number, with_interval
from subliminal.report.page import Table
from subliminal.report.specs import ExperimentTextSpec


@dataclass(frozen=True)
class ReplicationTables(TableSet):
    """The paper's values beside ours."""

    schemas = TABLES
    paper: pd.DataFrame


def said_of_paper(row: Any) -> str:
    """The paper's value in words."""
    if pd.isna(row.paper_value):
        return {"rises": "above 0", "falls": "below 0", "none": "no difference"}[row.rule]
    relation = {"at least": "≥ ", "at most": "≤ "}.get(row.rule, "")
    return relation + with_interval(row.paper_value, row.paper_low, row.paper_high)


def said_of_ours(row: Any) -> str:
    """Our value in words."""
    return EN_DASH if row.verdict == NOT_RUN else with_interval(row.ours, row.low, row.high)


def shown_values(tables: ReplicationTables, text: ExperimentTextSpec) -> list[Table]:
    """Every value, in one table."""
    rows = [
        [
            row.item,
            row.cell,
            row.quantity,
            said_of_paper(row),
            said_of_ours(row),
            number(row.n, 0) if row.n else EN_DASH,
            row.run or EN_DASH,
            row.verdict + (f": {row.reason}" if row.reason else ""),
        ]
        for row in tables.paper.itertuples()
    ]
    note = (
        "The verdicts follow from the rules of config/paper/expected.csv. With their sources and "
        f"rules: results/tables/{text.name}/paper.csv."
    )
    head = ["item", "cell", "quantity", "paper", "here", "n", "experiment", "verdict"]
    return [Table("The paper's values and ours", note, head, rows, [""] * len(rows), 3)]
