"""Sampling completions in batches, one random stream per sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch

    from subliminal.config import Sampling

# A finished row costs as much as an open one until the batch is compacted; compacting copies the
# cache, so it waits until a quarter of the rows have finished.
COMPACT_BELOW = 0.75


def uniforms(seeds: Sequence[int], count: int) -> np.ndarray:
    """``count`` uniform draws in [0, 1) for each seed, shape (samples, count).

    Every sample owns a stream, so that its draws do not depend on its neighbours (a seed shared by
    all samples would correlate the whole data set).
    """
    import numpy as np

    return np.stack([np.random.Generator(np.random.PCG64(seed)).random(count) for seed in seeds])


def length_sorted_batches(prompts: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Indices of the prompts in batches of similar length, shortest first: little padding."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    return [order[start : start + size] for start in range(0, len(order), size)]


def left_padded(prompts: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids padded on the left, and the mask of real tokens; both (rows, longest), int64."""
    import torch

    width = max(len(prompt) for prompt in prompts)
    ids = [[pad_id] * (width - len(p)) + list(p) for p in prompts]
    mask = [[0] * (width - len(p)) + [1] * len(p) for p in prompts]
    return torch.tensor(ids), torch.tensor(mask)


def _draw(logits: torch.Tensor, uniform: torch.Tensor, temperature: float) -> torch.Tensor:
    """One token per row by inverting the cumulative distribution at that row's uniform draw."""
    import torch

    cumulative = torch.softmax(logits.double() / temperature, dim=-1).cumsum(-1)
    # Scaling by the last entry keeps a draw close to 1 inside the vocabulary.
    return torch.searchsorted(cumulative, uniform[:, None] * cumulative[:, -1:], right=True)[:, 0]


@dataclass(frozen=True)
class Completion:
    """Sampled token ids without the end-of-turn token, and whether that token was reached."""

    ids: list[int]
    finished: bool


def _sample_batch(
    model: torch.nn.Module,
    prompts: torch.Tensor,
    mask: torch.Tensor,
    uniform: torch.Tensor,
    plan: Sampling,
    eos_ids: torch.Tensor,
) -> list[Completion]:
    """Completions of left-padded prompts; rows leave the batch some time after they finish."""
    import torch

    ids: list[list[int]] = [[] for _ in prompts]
    finished = [False] * len(prompts)
    rows = torch.arange(len(prompts), device=prompts.device)
    open_rows = torch.ones_like(rows, dtype=torch.bool)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    inputs, cache = prompts, None
    for t in range(plan.max_new_tokens):
        out = model(
            input_ids=inputs,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        tokens = _draw(out.logits[:, -1], uniform[rows, t], plan.temperature)
        ended = torch.isin(tokens, eos_ids)
        for row in rows[open_rows & ended].tolist():
            finished[row] = True
        open_rows = open_rows & ~ended
        for row, token in zip(rows[open_rows].tolist(), tokens[open_rows].tolist(), strict=True):
            ids[row].append(token)
        if not open_rows.any():
            break
        positions = positions[:, -1:] + 1
        mask = torch.nn.functional.pad(mask, (0, 1), value=1)
        if open_rows.sum() < COMPACT_BELOW * len(rows):
            keep = open_rows.nonzero()[:, 0]
            cache.batch_select_indices(keep)
            rows, tokens, open_rows = rows[keep], tokens[keep], open_rows[keep]
            mask, positions = mask[keep], positions[keep]
        inputs = tokens[:, None]
    return [Completion(i, f) for i, f in zip(ids, finished, strict=True)]


def sample(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    plan: Sampling,
    eos_ids: Sequence[int],
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> list[Completion]:
    """One completion per prompt, in the order of the prompts.

    Args:
        prompts: token ids up to where the assistant starts to answer.
        seeds: one per prompt.
        eos_ids: tokens that end a turn.
        on_batch: called after each batch with the number of samples done and in all.
    """
    import torch

    device = next(model.parameters()).device
    stops = torch.tensor(list(eos_ids), device=device)
    results: list[Completion | None] = [None] * len(prompts)
    done = 0
    with torch.inference_mode():
        for batch in length_sorted_batches(prompts, plan.batch_size):
            # Whatever stands in the padding is masked; an end-of-turn id is always in range.
            ids, mask = left_padded([prompts[i] for i in batch], eos_ids[0])
            draws = torch.from_numpy(uniforms([seeds[i] for i in batch], plan.max_new_tokens))
            completions = _sample_batch(
                model, ids.to(device), mask.to(device), draws.to(device), plan, stops
            )
            for i, completion in zip(batch, completions, strict=True):
                results[i] = completion
            done += len(batch)
            on_batch(done, len(prompts))
    return [completion for completion in results if completion is not None]
