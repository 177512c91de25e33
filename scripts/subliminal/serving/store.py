"""Everything that outlives the server's process, a JSON file each."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from subliminal.artefacts.parquet import whole_file
from subliminal.serving.refusals import bad_request, not_found

# Characters of an id behind its kind.
DIGITS = 24


def new_id(kind: str) -> str:
    """An id that nothing else has."""
    return f"{kind}{secrets.token_hex(DIGITS // 2)}"


def now() -> int:
    """The time as the API tells it, in seconds."""
    return int(time.time())


@dataclass
class Record:
    """A thing as the API shows it, and what only the server knows of it.

    Attributes:
        shown: the API's object; it has an `id`.
        order: when it was made, in nanoseconds.
    """

    shown: dict[str, Any]
    kept: dict[str, Any] = field(default_factory=dict)
    order: int = field(default_factory=time.time_ns)

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.shown["id"])


class Records:
    """Things of one kind, by id, in the order in which they were made.

    Attributes:
        what: they are called in errors.
        param: the parameter that names one.
    """

    def __init__(self, folder: Path, what: str, param: str = "id") -> None:
        """Read what an earlier process has left."""
        self.folder, self.what, self.param = folder, what, param
        folder.mkdir(parents=True, exist_ok=True)
        found = [Record(**json.loads(file.read_text())) for file in folder.glob("*.json")]
        self._records = {r.id: r for r in sorted(found, key=lambda record: record.order)}

    def __iter__(self) -> Iterator[Record]:
        """Oldest first."""
        return iter(list(self._records.values()))

    def __contains__(self, identifier: str) -> bool:
        """Whether it is there."""
        return identifier in self._records

    def _file(self, identifier: str) -> Path:
        # A model's name has colons, which not every file system takes.
        return self.folder / f"{quote(identifier, safe='')}.json"

    def get(self, identifier: str) -> Record:
        """One of them.

        Raises:
            RefusedError: there is none of this id.
        """
        if identifier not in self._records:
            raise not_found(self.what, identifier, self.param)
        return self._records[identifier]

    def put(self, record: Record) -> Record:
        """Keep a thing, or what it has become."""
        with whole_file(self._file(record.id)) as temporary:
            temporary.write_text(json.dumps(vars(record)))
        self._records[record.id] = record
        return record

    def remove(self, identifier: str) -> Record:
        """Forget one of them.

        Raises:
            RefusedError: there is none of this id.
        """
        record = self.get(identifier)
        self._file(identifier).unlink(missing_ok=True)
        del self._records[identifier]
        return record

    def page(
        self,
        after: str | None,
        limit: int,
        newest_first: bool = True,
        among: Callable[[dict[str, Any]], bool] = lambda shown: True,
    ) -> dict[str, Any]:
        """A part of the list as the API shows it.

        Raises:
            RefusedError: nothing has the id after which the page begins.
        """
        shown = [record.shown for record in self if among(record.shown)]
        return page(shown[::-1] if newest_first else shown, after, limit)


def page(shown: list[dict[str, Any]], after: str | None, limit: int) -> dict[str, Any]:
    """A page of a list.

    Raises:
        RefusedError: nothing has the id after which the page begins.
    """
    if after is not None:
        ids = [one["id"] for one in shown]
        if after not in ids:
            raise bad_request(f"There is nothing with the id {after!r} in this list.", "after")
        shown = shown[ids.index(after) + 1 :]
    data = shown[:limit]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else "",
        "last_id": data[-1]["id"] if data else "",
        "has_more": len(shown) > limit,
    }


class Store:
    """A folder with everything that the server knows.

    Attributes:
        models: that were fine-tuned here.
        gone: names of models that nobody may use any more.
    """

    def __init__(self, folder: Path) -> None:
        """Go on with what the folder holds."""
        self.folder = folder
        self.files = Records(folder / "files", "File object")
        self.jobs = Records(folder / "jobs", "fine-tuning job", "fine_tuning_job_id")
        self.models = Records(folder / "models", "model", "model")
        self.gone = Records(folder / "gone", "model", "model")
        self.completions = Records(folder / "completions", "chat completion", "completion_id")
        self.batches = Records(folder / "batches", "batch", "batch_id")

    def content_of(self, file: Record) -> Path:
        """Where a file's bytes lie."""
        return self.files.folder / f"{file.id}.bytes"

    def add_file(self, name: str, purpose: str, content: bytes) -> Record:
        """Keep a file."""
        shown = {
            "id": new_id("file-"),
            "object": "file",
            "bytes": len(content),
            "created_at": now(),
            "filename": name,
            "purpose": purpose,
            "status": "processed",
        }
        record = Record(shown)
        with whole_file(self.content_of(record)) as temporary:
            temporary.write_bytes(content)
        return self.files.put(record)

    def remove_file(self, identifier: str) -> None:
        """Forget a file.

        Raises:
            RefusedError: there is none of this id.
        """
        record = self.files.remove(identifier)
        self.content_of(record).unlink(missing_ok=True)
