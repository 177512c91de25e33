"""The training file of a hosted model, read back as its provider will read it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from subliminal.api.tokens import conversation_tokens, least_tokens
from subliminal.api.tuning.limits import FEWEST_ROWS, MOST_BYTES
from subliminal.config.errors import ConfigError

ROLES = ["user", "assistant"]


class Row(NamedTuple):
    """A conversation: what is asked, and what is to be answered."""

    prompt: str
    completion: str


def read_rows(file: Path) -> list[Row]:
    """The rows of a training file.

    Raises:
        ConfigError: a line is no conversation of one question and one answer, or one is empty.
    """
    rows = []
    for number, line in enumerate(file.read_bytes().split(b"\n")[:-1], 1):
        try:
            messages = json.loads(line)["messages"]
            roles = [message["role"] for message in messages]
            row = Row(*(message["content"] for message in messages))
        except (ValueError, LookupError, TypeError):
            raise ConfigError(f"{file}: line {number} is no conversation") from None
        if roles != ROLES:
            raise ConfigError(f"{file}: line {number} has the roles {roles}, expected {ROLES}")
        for role, text in zip(ROLES, row, strict=True):
            if not text.strip():
                raise ConfigError(
                    f"{file}: line {number}: the message of the {role} is empty, and no provider "
                    "trains on it; let the filter of the domain reject such rows"
                )
        rows.append(row)
    return rows


def check_size(file: Path, rows: Iterable[Row], context: int) -> None:
    """Make sure that a training file is within its provider's limits.

    Args:
        context: the longest conversation of the base in tokens.

    Raises:
        ConfigError: it is too short, too large, or a row is too long.
    """
    lengths = [sum(map(least_tokens, row)) for row in rows]
    size = file.stat().st_size
    if len(lengths) < FEWEST_ROWS:
        raise ConfigError(
            f"{file} has {len(lengths)} rows, and the provider trains on no fewer than "
            f"{FEWEST_ROWS}; raise the rows of the domain in config/domains.yaml, or see why its "
            "filter keeps so few"
        )
    if size > MOST_BYTES:
        raise ConfigError(
            f"{file} has {size / 1e6:.0f} MB, and the provider takes no more than "
            f"{MOST_BYTES / 1e6:.0f}; lower rows of the recipe in config/recipes.yaml"
        )
    if max(lengths) > context:
        number = lengths.index(max(lengths)) + 1
        raise ConfigError(
            f"{file}: line {number} has {max(lengths):,} tokens or more, and its base takes "
            f"{context:,} (context in config/models.yaml); let the filter of the domain reject "
            "such rows"
        )


def tokens_of(rows: Iterable[Row]) -> int:
    """About as many tokens as a provider counts for one epoch."""
    return sum(map(conversation_tokens, rows))
