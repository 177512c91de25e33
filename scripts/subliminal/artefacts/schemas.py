"""Tables: the columns of each with their types and meanings, said once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Columns = dict[str, tuple[str, str]]
"""By name, the Arrow type and the meaning."""

TEXT, WHOLE, REAL, YES_NO = "string", "int32", "float64", "bool"


@dataclass(frozen=True)
class TableSchema:
    """One kind of table.

    Attributes:
        name: of the table, and of its file if it is a final one.
        rows: what a row is.
        place: where such tables lie.
        columns: in their order.
    """

    name: str
    rows: str
    place: str
    columns: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class FinalTable(TableSchema):
    """A table of an experiment.

    Attributes:
        keys: the columns that tell its rows apart.
    """

    keys: tuple[str, ...]


def final(name: str, rows: str, columns: Columns, keys: Iterable[str]) -> FinalTable:
    """A table of an experiment, as its figures and the report read it."""
    place = f"results/tables/{{experiment}}/{name}.parquet, .csv"
    return FinalTable(name, rows, place, columns, tuple(keys))


def with_interval(name: str, meaning: str, interval: str) -> Columns:
    """A mean and the bounds of its interval: `name`, `name_low`, `name_high`."""
    return {
        name: (REAL, meaning),
        f"{name}_low": (REAL, f"Lower bound of {name}: {interval}."),
        f"{name}_high": (REAL, f"Upper bound of {name}: {interval}."),
    }
