"""Fewer rows at once when the device runs out of memory."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from typing import TypeVar

from subliminal.config.errors import ConfigError

Result = TypeVar("Result")
log = logging.getLogger(__name__)
# What to do where a single row does not fit.
TRAINING = (
    "with micro_batch_size 1, a single row per forward pass; in config/recipes.yaml set "
    "gradient_checkpointing: true in the recipe's optimisation, or lower its max_tokens"
)
ALL_WEIGHTS = (
    "with what the optimiser keeps beside the weights, 16 bytes for each of them if all are "
    "trained; set 'lora' in config/recipes.yaml, or use a device with more memory"
)
SAMPLING = (
    "with a single completion at a time; lower max_new_tokens of the sampling in "
    "config/domains.yaml or config/evaluations.yaml"
)


def halving(attempt: Callable[[int], Result], rows_at_once: int, remedy: str) -> tuple[Result, int]:
    """What the attempt gives with as many rows at once as fit, and how many that are.

    Args:
        attempt: takes the number of rows per forward pass, and starts from nothing when called.
        remedy: what to do where one row does not fit.

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
                    f"out of memory {remedy}; or use a device with more memory"
                ) from error
        # Only after the handler is the failed attempt, and so its memory, let go.
        rows_at_once //= 2
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        log.info("out of memory: %d rows at once from here on", rows_at_once)
