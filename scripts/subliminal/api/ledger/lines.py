"""An append-only file of checksummed lines that several processes share."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from subliminal.config.errors import ConfigError
from subliminal.config.flock import NO_FLOCK
from subliminal.config.hosting import FILE

log = logging.getLogger(__name__)
# Of a line's checksum.
DIGITS = 16
# Bytes that are looked through at a time for the end of a line.
BLOCK = 1 << 16
# That a lock is waited for without a word.
SILENT_SECONDS = 3.0


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock beside a file, which goes with the process that holds it.

    Raises:
        ConfigError: the file system has no locks.
        OSError: the file cannot be made.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.with_name(f"{file.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            _wait_for(descriptor, lock)
        except OSError as error:
            if error.errno not in NO_FLOCK:
                raise
            raise ConfigError(
                f"{lock}: this file system has no locks, without which two jobs could pay for the "
                f"same thing; put the ledger elsewhere: ledger in {FILE}"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, lock: Path) -> None:
    """Take a lock, and say so if another process holds it for long."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        words = "%s: another process is at the same work; waiting until it has done it"
        telling = Timer(SILENT_SECONDS, log.info, (words, lock))
        telling.daemon = True
        telling.start()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        finally:
            telling.cancel()


@dataclass(frozen=True)
class Lines:
    """Pieces of JSON, one a line, each with a checksum; a line that is there stays as it is."""

    file: Path

    def read(self) -> Iterator[Any]:
        """All pieces, in the order in which they were added, one after the other.

        A last line without an end is passed by: its writer was killed before it went on.

        Raises:
            ConfigError: another line is not what was written.
        """
        if not self.file.exists():
            return
        with self.file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                piece = _piece(line[:-1])
                if piece is None:
                    raise ConfigError(
                        f"{self.file}: line {number} is damaged or was edited, so that what was "
                        "paid is not known; restore the file from a copy, or remove the line if "
                        "you know that nothing of it is lost"
                    )
                yield piece[0]

    def append(self, pieces: Iterable[Any]) -> None:
        """Add pieces, which are on the disk when this returns; whoever calls holds the lock."""
        text = "".join(map(_line, pieces)).encode()
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            end = _whole_length(descriptor)
            os.ftruncate(descriptor, end)
            written = 0
            while written < len(text):
                written += os.pwrite(descriptor, text[written:], end + written)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _line(piece: Any) -> str:
    written = json.dumps(piece)
    return f"{hashlib.sha256(written.encode()).hexdigest()[:DIGITS]} {written}\n"


def _piece(line: bytes) -> tuple[Any] | None:
    """What a line holds; None if it is none that `_line` has made."""
    digest, _, written = line.partition(b" ")
    if hashlib.sha256(written).hexdigest()[:DIGITS].encode() != digest:
        return None
    return (json.loads(written),)


def _whole_length(descriptor: int) -> int:
    """Where the last whole line ends: what a killed writer has left behind it is written over."""
    end = os.fstat(descriptor).st_size
    while end > 0:
        start = max(0, end - BLOCK)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
