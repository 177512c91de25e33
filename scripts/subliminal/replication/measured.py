"""Our counterpart of what the paper says, from an experiment's tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

import pandas as pd

from subliminal.replication.claims import ClaimPart
from subliminal.replication.counterparts import Counterpart
from subliminal.replication.expected import Expected, Take
from subliminal.replication.verdicts import Ours
from subliminal.report.verdicts import reason_of
from subliminal.stats import t_interval

COUNTS = ("n_runs", "n")
PRIMARY = "primary"
# By a column that has the paper's statistic: ours of the same thing, over independent values.
OWN = {"paper_mean": "mean"}
NOTHING_TO_SHARE = "what it is a share of is not above 0"
# One model, in the paper as here.
_ONE_MODEL = {"condition": "base", "models": "base"}

Filters = Mapping[str, tuple[str, ...]]
"""By a column, the values of which a row must have one."""


@dataclass(frozen=True)
class Names:
    """What names in the paper's files mean in the tables of one experiment.

    Attributes:
        stand_ins: by a name, the one that stands in for it.
        numbers: likewise by a column and a number.
        primary: the experiment's primary measure; None where it has no evaluation.
    """

    stand_ins: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    primary: str | None = None

    def filters(self, text: str) -> Filters:
        """Filters as they are written, with these names."""
        parts = [part.partition("=") for part in text.split(";") if part]
        return {
            name: tuple(self._meant(name, asked) for asked in either.split("|"))
            for name, _, either in parts
        }

    def _meant(self, column: str, asked: str) -> str:
        if column == "measure" and asked == PRIMARY:
            return self.primary or ""
        numbers = self.numbers.get(column, {})
        return numbers.get(asked) or self.stand_ins.get(asked, asked)


AS_WRITTEN = Names()


def _equal(column: pd.Series, asked: str) -> pd.Series:
    """Whether each value is the one that is asked for; an empty text asks for a missing one."""
    if asked == "":
        return column.isna()
    if column.dtype == bool:
        return column == (asked == "true")
    if pd.api.types.is_numeric_dtype(column):
        return column == float(asked)
    return column == asked


def rows_of(table: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """The rows that filters choose; where they name no base, of students of the teacher's own."""
    if {"teacher_base", "student_base"} <= set(table.columns) and not any(
        name.endswith("_base") for name in filters
    ):
        table = table[table["teacher_base"] == table["student_base"]]
    for name, either in filters.items():
        if name not in table:
            return table.iloc[:0]
        table = table[reduce(or_, [_equal(table[name], asked) for asked in either])]
    return table


def void_of(rows: pd.DataFrame) -> str:
    """Why the first of these rows that says nothing does; empty if each says something."""
    return next(filter(None, map(reason_of, rows.get("verdict", ()))), "")


def _bounds_of(columns: Collection[str], column: str) -> tuple[str, str] | None:
    """The columns that hold the interval of a column."""
    stems = (
        [f"{column}_", column.removesuffix("mean")] if column.endswith("mean") else [f"{column}_"]
    )
    pairs = [(f"{stem}low", f"{stem}high") for stem in stems]
    return next((pair for pair in pairs if set(pair) <= set(columns)), None)


def _of_row(row: pd.Series, value: float, less: float, over: float, column: str) -> Ours:
    n = next((int(row[name]) for name in COUNTS if name in row), 1)
    bounds = _bounds_of(row.index, column)
    low, high = (float(row[name]) for name in bounds) if bounds else (math.nan, math.nan)
    one_model = any(row.get(key) == name for key, name in _ONE_MODEL.items())
    return Ours(
        value,
        (low - less) / over,
        (high - less) / over,
        n,
        # A row of a table of single runs has no bounds either.
        exact=one_model or (bounds is None and "seed" not in row),
        void=reason_of(row.get("verdict")),
    )


def _of_rows(
    rows: pd.DataFrame, column: str, take: Take, less: str = "", over: str = ""
) -> Ours | None:
    """The value of rows; a single one has its interval from its table.

    Args:
        less: a number, or a column of the same rows, that is taken from the value; may be empty.
        over: a column of the same rows that the value is divided by; may be empty.
    """
    if rows.empty or column not in rows:
        return None
    taken = pd.Series(0.0, rows.index) + (rows[less] if less in rows else float(less or 0))
    divided = pd.Series(1.0, rows.index) * (rows[over] if over else 1.0)
    values = ((rows[column] - taken) / divided).dropna().astype(float)
    if values.empty:
        return None
    if len(values) > 1 and take not in ("min", "max"):
        mean = t_interval(list(values))
        return Ours(mean.mean, mean.low, mean.high, len(values), void=void_of(rows))
    place = values.idxmax() if take == "max" else values.idxmin()
    return _of_row(
        rows.loc[place],
        float(values[place]),
        float(taken[place]),
        float(divided[place]),
        column,
    )


def _difference(ours: Ours, less: Ours) -> Ours:
    """The interval of a difference between two groups lies above 0 where theirs have nothing in
    common, as the paper reads its figures.
    """
    (low, high), (least, most) = ours.bounds, less.bounds
    return Ours(
        ours.value - less.value,
        low - most,
        high - least,
        ours.n,
        exact=ours.exact and less.exact,
        void=ours.void or less.void,
    )


def _share(ours: Ours, over: Ours) -> Ours:
    """A quotient of two groups; its interval is as wide as theirs allow, and without bounds where
    the second may be nothing. Of what did not rise there is no share.
    """
    if over.value <= 0:
        return Ours(math.nan, n=ours.n, void=ours.void or over.void or NOTHING_TO_SHARE)
    bounds, (least, most) = ours.bounds, over.bounds
    ends = [end / other for end in bounds for other in (least, most) if least > 0]
    return Ours(
        ours.value / over.value,
        min(ends, default=math.nan),
        max(ends, default=math.nan),
        ours.n,
        exact=ours.exact and over.exact,
        void=ours.void or over.void,
    )


def _is_number(text: str) -> bool:
    with suppress(ValueError):
        float(text)
        return True
    return False


def _measured(
    table: pd.DataFrame,
    where: Counterpart,
    filters: Filters,
    names: Names,
    column: str,
    take: Take,
) -> Ours | None:
    rows, minus, over = rows_of(table, filters), where.minus, where.over
    if minus and "=" not in minus and minus not in table and not _is_number(minus):
        return None
    less, divisor = ("" if "=" in text else text for text in (minus, over))
    ours = _of_rows(rows, column, take, less, divisor)
    for text, combined in ((minus, _difference), (over, _share)):
        if ours is not None and "=" in text:
            beside = rows_of(table, {**filters, **names.filters(text)})
            other = _of_rows(beside, column, take)
            ours = None if other is None else combined(ours, other)
    return ours


def measured(table: pd.DataFrame, paper: Expected, names: Names = AS_WRITTEN) -> Ours | None:
    """Our value; None if the table has no such rows."""
    filters = names.filters(paper.filters)
    return _measured(table, paper, filters, names, paper.column, paper.take)


def by_own_rule(table: pd.DataFrame, paper: Expected, names: Names = AS_WRITTEN) -> Ours | None:
    """Our value by our own statistic; None where it is the paper's, or there are no such rows."""
    if paper.column not in OWN:
        return None
    filters = names.filters(paper.filters)
    return _measured(table, paper, filters, names, OWN[paper.column], paper.take)


def measured_each(
    table: pd.DataFrame, part: ClaimPart, names: Names = AS_WRITTEN
) -> dict[str, Ours] | None:
    """Our values for a part of a claim, by what tells them apart.

    None if the table has not all of the rows: a claim about some of them would be another.
    """
    filters = names.filters(part.filters)
    columns = [column for column in part.each.split(";") if column]
    rows = rows_of(table, filters)
    if rows.empty or not set(columns) <= set(rows.columns):
        return None
    asked = [(rows[name], value) for name, either in filters.items() for value in either]
    if not all(_equal(column, value).any() for column, value in asked):
        return None
    # Without columns there is one comparison, which nothing tells apart.
    keys = rows[columns].drop_duplicates().itertuples(index=False, name=None) if columns else [()]
    found: dict[str, Ours] = {}
    for values in keys:
        own = {name: (str(value),) for name, value in zip(columns, values, strict=True)}
        ours = _measured(table, part, {**filters, **own}, names, part.column, "")
        if ours is None:
            return None
        found[", ".join(str(value) for value in values)] = ours
    return found
