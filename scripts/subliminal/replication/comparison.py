"""The table of a comparison: a row per value of the paper."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from subliminal.replication.expected import Expected
from subliminal.replication.measured import measured
from subliminal.replication.specs import CompareWithPaperSpec
from subliminal.replication.verdicts import NOT_RUN, Ours, verdict

NO_TABLE = "no table of this workflow holds it"
NO_ROWS = "the tables have no such rows"
Tables = Mapping[tuple[str, str], pd.DataFrame]
"""By the experiment that was run and the table's name."""


def _why_not(paper: Expected, spec: CompareWithPaperSpec) -> str:
    if paper.experiment in spec.not_run:
        return spec.not_run[paper.experiment]
    return NO_TABLE if not paper.table else ""


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


def _row(paper: Expected, spec: CompareWithPaperSpec, tables: Tables) -> dict[str, Any]:
    reason, ours = _why_not(paper, spec), None
    run = spec.runs.get(paper.experiment, "")
    if not reason:
        table = tables.get((run, paper.table))
        ours = None if table is None else measured(table, paper, spec.stand_ins)
        reason = "" if ours is not None else NO_ROWS
    shown = ours or Ours(math.nan, n=0)
    return {
        "item": paper.item,
        "experiment": paper.experiment,
        "run": run,
        "model_organism": run in spec.model_organisms,
        "cell": paper.cell,
        "quantity": paper.quantity,
        "paper_value": _nan(paper.value),
        "paper_low": _nan(paper.low),
        "paper_high": _nan(paper.high),
        "paper_n": _nan(paper.n),
        "source": paper.source,
        "trust": paper.trust,
        "rule": paper.rule,
        "within": paper.within or 0.0,
        "ours": shown.value,
        "low": shown.low,
        "high": shown.high,
        "n": shown.n,
        "verdict": NOT_RUN if ours is None else verdict(paper, ours),
        "reason": reason,
    }


def compared(
    expected: Iterable[Expected], spec: CompareWithPaperSpec, tables: Tables
) -> pd.DataFrame:
    """The paper's values of the spec's items, in their order, with ours and the verdicts."""
    return pd.DataFrame([_row(p, spec, tables) for p in expected if p.item in spec.items])
