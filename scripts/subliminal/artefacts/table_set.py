"""The tables of one experiment, read and written together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, Self

import pandas as pd

from subliminal.artefacts.parquet import whole_file, write_frame
from subliminal.artefacts.schemas import TableSchema


@dataclass(frozen=True)
class TableSet:
    """One data frame per table of `results/tables/{experiment}/`; the fields are their names."""

    schemas: ClassVar[Mapping[str, TableSchema]]

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
            write_both(getattr(self, name), self.schemas[name], folder) for name in self.names()
        ]
        return [file for pair in files for file in pair]


def write_both(frame: pd.DataFrame, schema: TableSchema, folder: Path) -> list[Path]:
    """Write a final table as Parquet, and as CSV beside it, and give both files.

    Raises:
        KeyError: the frame has not the schema's columns.
    """
    whole = frame[list(schema.columns)]
    paths = [folder / f"{schema.name}.parquet", folder / f"{schema.name}.csv"]
    write_frame(paths[0], schema, whole)
    with whole_file(paths[1]) as temporary:
        whole.to_csv(temporary, index=False)
    return paths
