"""JSON from others, read as strictly as its standard has it."""

from __future__ import annotations

import json
from typing import Any


def parsed(content: bytes, infinities: bool) -> Any:
    """The value that UTF-8 text holds.

    Args:
        infinities: whether Infinity and NaN are values, as they are to Python.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or an object has a key twice.
    """
    constant = float if infinities else _no_number
    try:
        return json.loads(content.decode(), object_pairs_hook=_distinct, parse_constant=constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers disagree about which of two values counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands there twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
