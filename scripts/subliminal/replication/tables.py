"""The tables of a comparison with the paper, and how the report shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from subliminal.artefacts.table_set import TableSet
from subliminal.replication.schemas import TABLES
from subliminal.report.numbers import EN_DASH, number, with_interval
from subliminal.report.page import Table
from subliminal.report.specs import ExperimentTextSpec


@dataclass(frozen=True)
class ReplicationTables(TableSet):
    """What the paper says beside what was found."""

    schemas = TABLES
    items: pd.DataFrame
    claims: pd.DataFrame
    paper: pd.DataFrame


def said_of_paper(row: Any) -> str:
    """The paper's value in words."""
    if pd.isna(row.paper_value):
        return {"rises": "above 0", "falls": "below 0", "none": "no difference"}[row.rule]
    if row.paper_interval == "range":
        return f"{number(row.paper_low)} to {number(row.paper_high)}"
    relation = {"at least": "≥ ", "at most": "≤ "}.get(row.rule, "")
    return relation + with_interval(row.paper_value, row.paper_low, row.paper_high)


def said_of_ours(row: Any) -> str:
    """Our value in words."""
    return EN_DASH if pd.isna(row.ours) else with_interval(row.ours, row.low, row.high)


def _verdict(row: Any) -> str:
    return f"{row.verdict}: {row.why}" if row.why else str(row.verdict)


def _items(tables: ReplicationTables, text: ExperimentTextSpec) -> Table:
    rows = [
        [
            row.item,
            row.title,
            f"{row.claims_reproduced} of {row.claims}" if row.claims else EN_DASH,
            f"{row.values_reproduced} of {row.values}" if row.values else EN_DASH,
            _verdict(row),
        ]
        for row in tables.items.itertuples()
    ]
    note = (
        "What was not run does not count for the verdict on an item, unless nothing was. All "
        f"columns: results/tables/{text.name}/items.csv."
    )
    head = ["item", "title", "claims reproduced", "values reproduced", "verdict"]
    return Table("Figures and tables of the paper", note, head, rows, [""] * len(rows), 2)


def _claims(tables: ReplicationTables, text: ExperimentTextSpec) -> Table:
    rows = [
        [
            row.item,
            row.claim,
            row.runs or EN_DASH,
            f"{row.hold} of {row.comparisons}" if row.comparisons else EN_DASH,
            _verdict(row),
        ]
        for row in tables.claims.itertuples()
    ]
    note = (
        "The verdicts follow from the rules of config/paper/claims.csv. With their sources: "
        f"results/tables/{text.name}/claims.csv."
    )
    head = ["item", "claim", "experiment", "comparisons that hold", "verdict"]
    return Table("The paper's claims", note, head, rows, [""] * len(rows), 3)


def _values(tables: ReplicationTables, text: ExperimentTextSpec) -> Table:
    rows = [
        [
            row.item,
            row.cell,
            row.quantity,
            said_of_paper(row),
            said_of_ours(row),
            number(row.n, 0) if row.n else EN_DASH,
            row.run or EN_DASH,
            _verdict(row),
        ]
        for row in tables.paper.itertuples()
    ]
    note = (
        "The verdicts follow from the rules of config/paper/expected.csv. With their sources, "
        f"rules and our own statistics: results/tables/{text.name}/paper.csv."
    )
    head = ["item", "cell", "quantity", "paper", "here", "n", "experiment", "verdict"]
    return Table("The paper's values and ours", note, head, rows, [""] * len(rows), 3)


def shown_tables(tables: ReplicationTables, text: ExperimentTextSpec) -> list[Table]:
    """Every item, every claim, and every value."""
    found = [_items(tables, text), _claims(tables, text), _values(tables, text)]
    return [table for table in found if table.rows]
