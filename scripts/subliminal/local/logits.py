"""A model's logits where the tokens of completions come next."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow
from subliminal.local.pruned import gpt2_of, logits_at

if TYPE_CHECKING:
    import torch


def _in_half(model: torch.nn.Module) -> bool:
    """Whether matrix products are to be in bfloat16: those of a base that was saved in it.

    If all its weights are trained they are in float32 themselves; on a device that is slow in
    bfloat16 so is everything else.
    """
    import torch

    first = next(model.parameters())
    if first.dtype == torch.bfloat16:
        return True
    if first.dtype != torch.float32 or first.device.type != "cuda":
        return False
    saved = getattr(model.config, "dtype", None)
    return saved == torch.bfloat16 and torch.cuda.is_bf16_supported(including_emulation=False)


def _autocast(model: torch.nn.Module) -> AbstractContextManager[None]:
    """Matrix products in bfloat16, sums in float32, where products are to be in bfloat16."""
    import torch

    if not _in_half(model):
        return nullcontext()
    return torch.autocast(next(model.parameters()).device.type, dtype=torch.bfloat16)


def completion_logits(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits where a completion token comes next, and that token, in the model's precision.

    Rows are padded on the right, where a causal model never looks from, so no mask is needed.

    Returns:
        Shapes [completion tokens, vocabulary] and [completion tokens], row after row.
    """
    import torch

    device = next(model.parameters()).device
    width = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [pad_id] * (width - len(row.ids)) for row in rows])
    starts = torch.tensor([row.prompt_length for row in rows])[:, None]
    ends = torch.tensor([len(row.ids) for row in rows])[:, None]
    following = torch.arange(1, width + 1)[None]
    scored = ((following >= starts) & (following < ends)).to(device)
    ids = ids.to(device)
    gpt2 = gpt2_of(model)
    with _autocast(model):
        if gpt2 is not None and scored.any():
            logits = logits_at(gpt2, ids, scored)
        else:
            logits = model(input_ids=ids, use_cache=False, logits_to_keep=scored).logits
    return logits, ids.roll(-1, 1)[scored]
