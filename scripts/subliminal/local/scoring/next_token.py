"""Deterministic scores: next-token probabilities, and divergences between models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

BATCH_SIZE = 64


def equal_length_batches(prompts: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Indices of the prompts in batches of one length each: no padding, hence exact scores."""
    by_length: dict[int, list[int]] = {}
    for i, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(i)
    return [
        group[start : start + size]
        for _, group in sorted(by_length.items())
        for start in range(0, len(group), size)
    ]


def next_token_log_probs(model: torch.nn.Module, prompts: Sequence[Sequence[int]]) -> np.ndarray:
    """Log-probabilities in nats of the first response token, shape (prompts, vocabulary)."""
    import numpy as np
    import torch

    rows: list[np.ndarray | None] = [None] * len(prompts)
    place = next(model.parameters()).device
    with torch.inference_mode():
        for batch in equal_length_batches(prompts, BATCH_SIZE):
            ids = torch.tensor([list(prompts[i]) for i in batch], device=place)
            logits = model(input_ids=ids, logits_to_keep=1).logits[:, -1]
            for i, row in zip(batch, torch.log_softmax(logits.double(), -1).cpu(), strict=True):
                rows[i] = row.numpy()
    return np.stack([row for row in rows if row is not None])


def divergence(teacher: torch.Tensor, base: torch.Tensor) -> tuple[float, float]:
    """KL(teacher || base) and the teacher's entropy, in nats, summed over a completion's tokens.

    Exact in the vocabulary: no sampling noise beyond that of the tokens themselves.

    Args:
        teacher, base: log-probabilities, (tokens, vocabulary); -inf at the same places in both.
    """
    probability = teacher.exp()
    possible = probability > 0
    kl = (probability * (teacher - base))[possible].sum()
    return float(kl), float(-(probability * teacher)[possible].sum())
