"""Files of requests, as a batch takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

ENDPOINT: Final = "/v1/chat/completions"
# Of a file. OpenAI takes 200 MB; a job has it, and its answers, in memory.
MOST_BYTES = 50_000_000


class Line(NamedTuple):
    """A request.

    Attributes:
        key: tells it from others, and its answer with it.
        body: as it would be sent by itself.
    """

    key: str
    body: dict[str, Any]


def _written(line: Line) -> bytes:
    whole = {"custom_id": line.key, "method": "POST", "url": ENDPOINT, "body": line.body}
    return f"{json.dumps(whole)}\n".encode()


def contents(lines: Iterable[Line], most: int) -> Iterator[bytes]:
    """The files that hold all requests, in the order of their keys: the same ones the same files.

    Args:
        most: requests in a file.
    """
    piece: list[bytes] = []
    size = 0
    for line in sorted(lines, key=lambda line: line.key):
        written = _written(line)
        if piece and (len(piece) == most or size + len(written) > MOST_BYTES):
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(written)
        size += len(written)
    if piece:
        yield b"".join(piece)


def lines_of(content: bytes) -> list[Line]:
    """The requests in a file."""
    found = map(json.loads, content.splitlines())
    return [Line(one["custom_id"], one["body"]) for one in found]
