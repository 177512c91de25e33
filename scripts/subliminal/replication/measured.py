"""Our counterpart of a value of the paper, from an experiment's tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from subliminal.replication.expected import Expected
from subliminal.replication.verdicts import Ours
from subliminal.stats import t_interval

COUNTS = ("n_runs", "n")


def _parsed(filters: str, stand_ins: Mapping[str, str]) -> dict[str, str]:
    parts = (part.partition("=") for part in filters.split(";") if part)
    return {name: stand_ins.get(asked, asked) for name, _, asked in parts}


def _equal(column: pd.Series, asked: str) -> pd.Series:
    """Whether each value is the one that is asked for; an empty text asks for a missing one."""
    if asked == "":
        return column.isna()
    if column.dtype == bool:
        return column == (asked == "true")
    if pd.api.types.is_numeric_dtype(column):
        return column == float(asked)
    return column == asked


def _rows(table: pd.DataFrame, filters: dict[str, str]) -> pd.DataFrame:
    """The rows that filters choose; where they name no base, of students of the teacher's own."""
    if {"teacher_base", "student_base"} <= set(table.columns) and not any(
        name.endswith("_base") for name in filters
    ):
        table = table[table["teacher_base"] == table["student_base"]]
    for name, asked in filters.items():
        if name not in table:
            return table.iloc[:0]
        table = table[_equal(table[name], asked)]
    return table


def _bounds(row: pd.Series, column: str) -> tuple[float, float]:
    names = ("low", "high") if column == "mean" and "low" in row else (
        f"{column}_low", f"{column}_high"
    )  # fmt: skip
    low, high = (float(row.get(name, math.nan)) for name in names)
    return low, high


def _of_rows(rows: pd.DataFrame, paper: Expected, less: str) -> Ours | None:
    """The value of rows; a single one has its interval from its table.

    Args:
        less: a column of the same rows that is taken from the value; empty for none.
    """
    if rows.empty or paper.column not in rows:
        return None
    taken = rows[less] if less else 0.0
    divided = rows[paper.over] if paper.over else 1.0
    values = ((rows[paper.column] - taken) / divided).dropna().astype(float)
    if values.empty:
        return None
    if paper.take in ("min", "max"):
        return Ours(float(getattr(values, paper.take)()), n=len(values))
    if len(values) > 1:
        mean = t_interval(list(values))
        return Ours(mean.mean, mean.low, mean.high, len(values))
    row = rows.loc[values.index[0]]
    by, over = (float(row[name]) if name else other for name, other in ((less, 0), (paper.over, 1)))
    low, high = ((bound - by) / over for bound in _bounds(row, paper.column))
    n = next((int(row[name]) for name in COUNTS if name in row), 1)
    return Ours(float(values.iloc[0]), low, high, n)


def measured(
    table: pd.DataFrame, paper: Expected, stand_ins: Mapping[str, str] = MappingProxyType({})
) -> Ours | None:
    """Our value.

    The interval of a difference between two groups lies above 0 where theirs have nothing in
    common, as the paper reads its figures.

    Args:
        stand_ins: by a name of the filters, the one that stands in for it.

    Returns:
        None if the table has no such rows.
    """
    filters = _parsed(paper.filters, stand_ins)
    other = "=" in paper.minus
    ours = _of_rows(_rows(table, filters), paper, "" if other else paper.minus)
    if ours is None or not other:
        return ours
    less = _of_rows(_rows(table, filters | _parsed(paper.minus, stand_ins)), paper, "")
    if less is None:
        return None
    (low, high), (least, most) = ours.bounds, less.bounds
    if math.isnan(ours.low) and math.isnan(less.low):
        return Ours(ours.value - less.value, n=ours.n)
    return Ours(ours.value - less.value, low - most, high - least, ours.n)
