"""Drawing tokens: one random stream per sample, and one uniform number per token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

# Tokens whose probabilities are added up before the search. A running sum over a whole vocabulary
# needs float64, which for many rows takes as long as some layers of the model.
PIECE = 128


def uniforms(seeds: Sequence[int], count: int) -> np.ndarray:
    """``count`` uniform draws in [0, 1) for each seed, shape (samples, count).

    Every sample owns a stream, so that its draws do not depend on its neighbours (a seed shared by
    all samples would correlate the whole data set).
    """
    import numpy as np

    return np.stack([np.random.Generator(np.random.PCG64(seed)).random(count) for seed in seeds])


def _below(sums: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where each row's running sum first exceeds its target, and the sum before that; [rows, 1].

    A target that rounding has pushed to the end is taken back, so that nothing of weight 0 is hit.
    """
    import torch

    last = sums[:, -1:]
    target = torch.minimum(target, torch.nextafter(last, torch.zeros_like(last)))
    found = torch.searchsorted(sums, target, right=True)
    before = torch.nn.functional.pad(sums, (1, 0)).gather(1, found)
    return found, target - before


def draw(
    logits: torch.Tensor, uniform: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """One token per row by inverting the cumulative distribution at that row's uniform number.

    Args:
        logits: shape [rows, vocabulary]; -inf for what must not be drawn.
        uniform: shape [rows], float64; without effect at temperature 0.

    Returns:
        tokens, and their log-probabilities in nats, both [rows]; at temperature 0 the most probable
        token, and its log-probability at temperature 1.
    """
    import torch

    if temperature == 0:
        best, token = torch.log_softmax(logits, dim=-1, dtype=torch.float32).max(-1)
        return token, best
    logits = logits if temperature == 1.0 else logits / temperature
    probability = torch.softmax(logits, dim=-1, dtype=torch.float32)
    rows, size = probability.shape
    pieces = torch.nn.functional.pad(probability, (0, -size % PIECE)).view(rows, -1, PIECE)
    sums = pieces.sum(-1).double().cumsum(-1)
    piece, left = _below(sums, uniform[:, None] * sums[:, -1:])
    inside = pieces.take_along_dim(piece[:, :, None], 1)[:, 0].double().cumsum(-1)
    token = piece * PIECE + _below(inside, left)[0]
    return token[:, 0], probability.gather(1, token).log()[:, 0]
