"""GPT-2's logits at some positions, its last layer computed at these alone.

Completions are much shorter than the prompts before them. What the last layer makes of the other
positions is read by nothing, except for their keys and values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import torch
    from transformers import GPT2LMHeadModel


def _drops(model: torch.nn.Module) -> bool:
    import torch

    return any(isinstance(m, torch.nn.Dropout) and m.training and m.p for m in model.modules())


def gpt2_of(model: torch.nn.Module) -> GPT2LMHeadModel | None:
    """The GPT-2 that `logits_at` computes exactly, adapters and all; None for other models."""
    from transformers import GPT2LMHeadModel

    inner = getattr(model, "get_base_model", lambda: model)()
    if not isinstance(inner, GPT2LMHeadModel) or _drops(model):
        return None
    return inner


def _last_layer(block: Any, x: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Its output at the wanted positions, (positions, width), row after row."""
    import torch

    attention = block.attn
    query, key, value = attention.c_attn(block.ln_1(x)).split(attention.split_size, dim=2)
    row, place = wanted.nonzero(as_tuple=True)
    # Queries stand at the left of their rows, which are as wide as the fullest one.
    slot = (wanted.cumsum(1) - 1)[wanted]
    places = place.new_zeros(len(x), int(slot.max()) + 1).index_put((row, slot), place)
    query = query.gather(1, places[:, :, None].expand(-1, -1, query.shape[2]))
    visible = torch.arange(x.shape[1], device=x.device) <= places[:, :, None]

    def heads(part: torch.Tensor) -> torch.Tensor:
        return part.unflatten(2, (-1, attention.head_dim)).transpose(1, 2)

    found = torch.nn.functional.scaled_dot_product_attention(
        heads(query),
        heads(key),
        heads(value),
        attn_mask=visible[:, None],
        scale=attention.scaling,
    )
    x = x[wanted] + attention.c_proj(found.transpose(1, 2).flatten(2)[row, slot])
    return x + block.mlp(block.ln_2(x))


def logits_at(model: GPT2LMHeadModel, ids: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Logits at the wanted positions of sequences without padding on their left.

    Args:
        ids: shape (sequences, tokens).
        wanted: booleans of the same shape, at least one of them true.

    Returns:
        Shape (positions, vocabulary), row after row.
    """
    import torch

    decoder = cast("Any", model.transformer)
    x = decoder.wte(ids) + decoder.wpe(torch.arange(ids.shape[1], device=ids.device))
    *blocks, last = decoder.h
    for block in blocks:
        x = block(x)
    return model.lm_head(decoder.ln_f(_last_layer(last, x, wanted)))
