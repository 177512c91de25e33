"""Rows as hosted fine-tuning takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable


def training_lines(rows: Iterable[tuple[str, str]]) -> bytes:
    """The JSON lines of a training file, UTF-8, each row once and in the order given.

    A row is one message of the user and one of the assistant, without a system message, as in the
    authors' released code.

    Args:
        rows: (prompt, completion) of each row.

    Raises:
        UnicodeEncodeError: a text holds half of a surrogate pair.
    """
    lines = []
    for prompt, completion in rows:
        messages = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": completion},
        ]
        line = json.dumps({"messages": messages}, ensure_ascii=False, separators=(",", ":"))
        lines.append(f"{line}\n")
    return "".join(lines).encode()
