"""An append-only journal beside a job's outputs, which lets a killed job go on.

Snakemake deletes the outputs of a job that failed. It does not know of these files, so that the
next attempt finds them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.orphans import refuse_orphan
from subliminal.artefacts.parquet import whole_file

FOLDER = "partial"
# Of a line's checksum.
DIGITS = 16
# What these compute may differ in the last bit from version to version.
PACKAGES = ("torch", "transformers", "peft")
log = logging.getLogger(__name__)


def run_identity(run: Run, arithmetic: str) -> str:
    """What a run computes: SHA-256 over its stage, spec, parents' ids and packages, in hex.

    Args:
        arithmetic: the precision and the kind of device it is computed in.
    """
    parts = [
        arithmetic,
        {package: metadata.version(package) for package in PACKAGES},
        run.stage,
        run.spec.model_dump(mode="json"),
        {role: parent["id"] for role, parent in run.parents.items()},
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Journal:
    """Pieces of a job's result, one line of JSON each, added as they are made.

    Each line carries a checksum, so that a piece that was damaged or edited is not used.

    Attributes:
        file: its first line is the identity.
        identity: of the run that the pieces belong to.
    """

    file: Path
    identity: str

    @classmethod
    def of(cls, output: Path, identity: str) -> Journal:
        """The journal of a job that is to make this file."""
        return cls(output.parent / FOLDER / f"{output.name}.jsonl", identity)

    def read(self) -> list[Any]:
        """The pieces that an earlier attempt has left.

        A line that is not whole is dropped: it was being written when the attempt was killed, or
        it was damaged. Another run's journal is deleted.
        """
        if not self.file.exists():
            return []
        lines = self.file.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if _is_whole(line)]
        pieces = [json.loads(line)[1] for line in whole]
        if not pieces or whole[0] != lines[0] or pieces[0] != self.identity:
            log.info("partial results discarded: made from another spec or other data or software")
            self.remove()
            return []
        if len(whole) < len(lines):
            log.info("%d damaged lines of %s dropped", len(lines) - len(whole), self.file)
            with whole_file(self.file) as temporary:
                temporary.write_bytes(b"".join(whole))
        return pieces[1:]

    def append(self, piece: Any) -> None:
        """Add a piece, which is on the disk when this returns; call `read` before the first.

        Raises:
            ConfigError: this job's run is over, and another has begun.
        """
        refuse_orphan()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            if file.tell() == 0:
                file.write(_line(self.identity))
            file.write(_line(piece))
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Forget the run."""
        self.file.unlink(missing_ok=True)
        if self.file.parent.is_dir() and not any(self.file.parent.iterdir()):
            self.file.parent.rmdir()


def _line(piece: Any) -> str:
    written = json.dumps(piece)
    return json.dumps([hashlib.sha256(written.encode()).hexdigest()[:DIGITS], piece]) + "\n"


def _is_whole(line: bytes) -> bool:
    """Whether a line is one that `_line` has made."""
    try:
        return _line(json.loads(line)[1]).encode() == line
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
