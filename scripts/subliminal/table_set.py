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
        written = []
        for name in self.names():
            frame: pd.DataFrame = getattr(self, name)
            for suffix, write in ((".parquet", frame.to_parquet), (".csv", frame.to_csv)):
                path = folder / f"{name}{suffix}"
                with whole_file(path) as temporary:
                    write(temporary, index=False)
                written.append(path)
        return written
