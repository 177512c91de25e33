"""Parquet with fixed schemas, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.orphans import refuse_orphan
from subliminal.artefacts.schemas import TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa


def arrow_schema(table: TableSchema) -> pa.Schema:
    """A table's Arrow schema, with each column's meaning as metadata."""
    import pyarrow as pa

    types = {
        "int32": pa.int32(),
        "float64": pa.float64(),
        "string": pa.string(),
        "bool": pa.bool_(),
        "list<string>": pa.list_(pa.string()),
        "list<float32>": pa.list_(pa.float32()),
    }
    return pa.schema(
        [
            pa.field(column, types[kind], metadata={"description": meaning})
            for column, (kind, meaning) in table.columns.items()
        ]
    )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name to write to; renamed to ``path`` if nothing went wrong.

    The name is always the same, so that what a killed job leaves is replaced by the next attempt.

    Raises:
        ConfigError: this job's run is over, and another has begun.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    try:
        yield temporary
        refuse_orphan()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what safetensors had begun to write into a folder when its process was killed."""
    for file in folder.glob(".tmp??????"):
        file.unlink()


def write_table(path: Path, table: TableSchema, columns: Mapping[str, Iterable[Any]]) -> None:
    """Write columns as a table of this kind.

    Raises:
        KeyError, pyarrow.ArrowInvalid: the columns do not fit the schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    shape = arrow_schema(table)
    arrays = {column: list(columns[column]) for column in shape.names}
    with whole_file(path) as temporary:
        pq.write_table(pa.table(arrays, schema=shape), temporary, compression="zstd")


def write_frame(path: Path, table: TableSchema, frame: pd.DataFrame) -> None:
    """Write a data frame as a table of this kind; a missing number becomes an empty cell."""
    whole = frame.astype(object).where(frame.notna(), None)
    write_table(path, table, {column: whole[column].tolist() for column in whole})


def read_table(path: Path, *columns: str) -> dict[str, list[Any]]:
    """The columns of a Parquet file as Python lists: those that are named, or all.

    A column of lists takes several times the memory of all others.
    """
    import pyarrow.parquet as pq

    # pq.read_table would import pandas and more, half a second of every job.
    with pq.ParquetFile(path) as file:
        return file.read(list(columns) or None).to_pydict()
