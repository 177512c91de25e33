"""The tables of one experiment, read together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import pandas as pd

from subliminal.tables import whole_file


@dataclass(frozen=True)
class TableSet:
    """One data frame per table of `results/tables/{experiment}/`; the fields are their names."""

    @classmethod
    def names(cls) -> list[str]:
        """The tables' names."""
        return [field.name for field in fields(cls)]

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Self:
        """Read every table from the Parquet file of its name."""
        return cls(**{path.stem: pd.read_parquet(path) for path in paths})

    def write(self, folder: Path) -> list[Path]:
        """Write every table as Parquet and as CSV, and give the files."""
        files = [
            write_both(getattr(self, name), folder / f"{name}.parquet") for name in self.names()
        ]
        return [file for pair in files for file in pair]


def write_both(frame: pd.DataFrame, path: Path) -> list[Path]:
    """Write a table as Parquet, and as CSV beside it, and give both files."""
    written = [path, path.with_suffix(".csv")]
    for file, write in zip(written, (frame.to_parquet, frame.to_csv), strict=True):
        with whole_file(file) as temporary:
            write(temporary, index=False)
    return written
