"""Tokens that all rows begin with, computed once per forward pass instead of once per row.

A chat template that inserts a system prompt begins every row alike. Causal attention gives these
tokens the same states in every row, so that their keys and values can be computed for one row and
read by all; their gradients add up as they do over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel
    from transformers.cache_utils import Cache

    from subliminal.config.recipes import Optimisation

# Below this the second, short forward pass costs what it saves.
SHORTEST = 16


def common_prefix(rows: Sequence[EncodedRow]) -> int:
    """How many tokens all rows begin with, before the last token of any prompt."""
    first, last = min(row.ids for row in rows), max(row.ids for row in rows)
    limit = min(row.prompt_length for row in rows) - 1
    # What the least and the greatest of sorted sequences share, all share.
    return next((i for i in range(limit) if first[i] != last[i]), limit)


def _draws(model: PreTrainedModel) -> bool:
    """Whether training draws dropout, which must differ from row to row."""
    import torch

    layers = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    attention = getattr(model.config.get_text_config(), "attention_dropout", 0.0)
    return attention > 0 or any(layer.p > 0 for layer in layers)


def shared_prefix(model: PreTrainedModel, rows: Sequence[EncodedRow], plan: Optimisation) -> int:
    """How many of the rows' first tokens to compute once; 0 where that would not pay.

    On a GPU it would not: there the many small operations of a short pass cost as much as it saves.
    """
    shared = common_prefix(rows)
    on_cpu = next(model.parameters()).device.type == "cpu"
    # Checkpointed layers keep no keys and values.
    pays = on_cpu and len(rows) > 1 and shared >= SHORTEST and not plan.gradient_checkpointing
    return shared if pays and not _draws(model) else 0


def prefix_cache(model: torch.nn.Module, prefix: torch.Tensor, rows: int) -> Cache:
    """Keys and values of the prefix, shape [1, tokens], for so many rows; gradients flow."""
    import torch

    no_logits = torch.zeros_like(prefix, dtype=torch.bool)
    cache = model(input_ids=prefix, use_cache=True, logits_to_keep=no_logits).past_key_values
    cache.batch_repeat_interleave(rows)
    return cache
