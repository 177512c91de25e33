"""Files of lines of JSON, of which the last may be the half that a killed writer has left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_lines(file: Path) -> list[Any]:
    """All pieces of a file, whose torn end is cut off; none of one that is not there."""
    content = file.read_bytes() if file.exists() else b""
    whole, _, torn = content.rpartition(b"\n")
    if torn:
        with file.open("r+b") as stream:
            stream.truncate(len(content) - len(torn))
    return [json.loads(line) for line in whole.split(b"\n") if line]


def add_line(file: Path, piece: Any) -> None:
    """Add a piece."""
    with file.open("a") as stream:
        stream.write(json.dumps(piece) + "\n")
