"""Checksums of files; those of large files are kept beside them.

Every job that reads a base makes sure of its weights. Reading 15 GB takes longer than many a job,
so the checksum of a large file is kept with what the system knows of the file: its size, its inode
and its times. The time of the last change cannot be set back, as the time of writing can.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path

from subliminal.artefacts.parquet import whole_file

# Smaller files are read each time: 0.05 s at most.
LARGE_BYTES = 64_000_000
# A file that changed so lately could change again within one tick of the file system's clock.
SETTLED_S = 2.0


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex; a large file is read only if it may have changed."""
    found = path.stat()
    if found.st_size < LARGE_BYTES:
        return file_sha256(path)
    kept = path.with_name(f".{path.name}.sha256")
    signature = _signature(found)
    with suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(kept.read_bytes())
        if known["signature"] == signature:
            return str(known["sha256"])
    sha256 = file_sha256(path)
    settled = time.time() - found.st_ctime > SETTLED_S
    if settled and _signature(path.stat()) == signature:
        # Where others may read but not write, each job reads the file anew.
        with suppress(OSError), whole_file(kept) as temporary:
            temporary.write_text(json.dumps({"signature": signature, "sha256": sha256}))
    return sha256


def _signature(found: os.stat_result) -> list[int]:
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]
