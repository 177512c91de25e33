"""Two versions of a final table: the rows that only one has, and the values that differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from subliminal.artefacts.schemas import FinalTable
from subliminal.config.errors import ConfigError

# Values within so much of the larger one are the same: float32, in which models compute, has no
# more digits. The second is for sums that should be 0.
RELATIVE, ABSOLUTE = 1e-6, 1e-12


@dataclass(frozen=True)
class Change:
    """A value that differs, and the row that it is in, by the keys that tell rows apart."""

    row: str
    a: Any
    b: Any


@dataclass(frozen=True)
class TableDifferences:
    """All that differs between two versions of a table.

    Attributes:
        both: how many rows both have.
        only_a, only_b: rows that one of them has.
        columns: the changes in each column that has any; of numbers the largest first.
    """

    table: str
    both: int
    only_a: Sequence[str]
    only_b: Sequence[str]
    columns: dict[str, list[Change]]

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.only_a or self.only_b or self.columns)


def table_differences(schema: FinalTable, a: pd.DataFrame, b: pd.DataFrame) -> TableDifferences:
    """Compare two versions of a table, row by row and column by column.

    Raises:
        ConfigError: one lacks a column that the schema has, or has a row twice.
    """
    keys = list(schema.keys)
    values = [column for column in schema.columns if column not in (*keys, "experiment")]
    for name, frame in (("A", a), ("B", b)):
        lacking = [column for column in (*keys, *values) if column not in frame]
        if lacking:
            raise ConfigError(
                f"{schema.name} of {name} has no column {lacking[0]!r}: it is of another version; "
                "make its tables anew with this version, then compare"
            )
        if frame.duplicated(keys).any():
            raise ConfigError(f"{schema.name} of {name} has a row twice; make its tables anew")
    merged = a.merge(b, on=keys, how="outer", suffixes=(" A", " B"), indicator="found")
    shown = [key for key in keys if merged[key].nunique(dropna=False) > 1] or keys
    both = merged[merged.found == "both"].reset_index(drop=True)
    changes = {
        column: _changes(both, both[f"{column} A"], both[f"{column} B"], shown) for column in values
    }
    return TableDifferences(
        schema.name,
        len(both),
        _rows(merged[merged.found == "left_only"], shown),
        _rows(merged[merged.found == "right_only"], shown),
        {column: found for column, found in changes.items() if found},
    )


def _changes(rows: pd.DataFrame, a: pd.Series, b: pd.Series, keys: Sequence[str]) -> list[Change]:
    if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
        left, right = a.to_numpy(float), b.to_numpy(float)
        with np.errstate(invalid="ignore"):
            size = np.abs(left - right)
            allowed = ABSOLUTE + RELATIVE * np.maximum(np.abs(left), np.abs(right))
            same = (left == right) | (size <= allowed) & np.isfinite(size)
        same |= np.isnan(left) & np.isnan(right)
        order = np.argsort(-np.nan_to_num(size, nan=np.inf), kind="stable")
        changed = order[~same[order]]
    else:
        changed = np.flatnonzero(~((a == b) | (a.isna() & b.isna())).to_numpy())
    labels = _rows(rows.iloc[changed], keys)
    return [Change(label, a[i], b[i]) for label, i in zip(labels, changed, strict=True)]


def _rows(rows: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    return [
        ", ".join(f"{key} {value}" for key, value in zip(keys, row, strict=True))
        for row in rows[list(keys)].itertuples(index=False)
    ]
