"""Fewer rows at once when the device runs out of memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from subliminal.errors import ConfigError

Result = TypeVar("Result")
log = logging.getLogger(__name__)


def halving(attempt: Callable[[int], Result], rows_at_once: int) -> tuple[Result, int]:
    """What the attempt gives with as many rows at once as fit, and how many that are.

    Args:
        attempt: takes the number of rows per forward pass, and starts from nothing when called.

    Raises:
        ConfigError: one row does not fit.
    """
    import torch

    while True:
        try:
            return attempt(rows_at_once), rows_at_once
        except torch.OutOfMemoryError as error:
            if rows_at_once == 1:
                raise ConfigError(
                    "out of memory with micro_batch_size 1, a single row per forward pass; in "
                    "config/recipes.yaml set gradient_checkpointing: true in the recipe's "
                    "optimisation, or lower its max_tokens; or use a device with more memory"
                ) from error
        # Only after the handler is the failed attempt, and so its memory, let go.
        rows_at_once //= 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.info("out of memory: micro-batches of %d rows; the batch stays", rows_at_once)
