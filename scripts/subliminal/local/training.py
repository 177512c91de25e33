"""Completion-only fine-tuning of any causal language model, LoRA or full.

The effective batch is the invariant: it is sorted by length and cut into micro-batches, so that
padding and memory shrink without changing the mathematics. Output logits are computed only where
there is loss; with prompts much longer than completions that is most of the head's cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow

if TYPE_CHECKING:
    import torch
    from numpy.random import Generator

    from subliminal.config import Optimisation


@dataclass(frozen=True)
class Step:
    """One optimiser step: its number (from 1), mean loss in nats per token, learning rate."""

    step: int
    loss: float
    learning_rate: float


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Optimiser steps in one pass over the rows; the last, smaller batch counts."""
    return math.ceil(rows / batch_size)


def total_steps(rows: int, plan: Optimisation) -> int:
    """How many optimiser steps a plan takes on this many rows."""
    if plan.steps is not None:
        return plan.steps
    return plan.epochs * steps_per_epoch(rows, plan.batch_size)


def linear_schedule(step: int, plan: Optimisation, total: int) -> float:
    """Learning rate of a step (from 0): linear warm-up, then linear to zero, as in transformers."""
    if step < plan.warmup_steps:
        return plan.learning_rate * step / plan.warmup_steps
    return plan.learning_rate * (total - step) / max(1, total - plan.warmup_steps)


def batches(rows: int, batch_size: int, rng: Generator) -> Iterator[list[int]]:
    """Endless batches of row indices: a fresh permutation for every pass over the data."""
    while True:
        order = rng.permutation(rows)
        for start in range(0, rows, batch_size):
            yield [int(i) for i in order[start : start + batch_size]]


def micro_batches(rows: Sequence[EncodedRow], size: int) -> list[list[EncodedRow]]:
    """The batch in pieces of at most ``size`` rows of similar length."""
    ordered = sorted(rows, key=lambda row: len(row.ids))
    return [list(ordered[i : i + size]) for i in range(0, len(ordered), size)]


def completion_logits(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits where a completion token comes next, and that token, in the model's precision.

    Rows are padded on the right, where a causal model never looks from, so no mask is needed.

    Returns:
        Shapes [completion tokens, vocabulary] and [completion tokens].
    """
    import torch

    device = next(model.parameters()).device
    width = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [pad_id] * (width - len(row.ids)) for row in rows])
    starts = torch.tensor([row.prompt_length for row in rows])[:, None]
    ends = torch.tensor([len(row.ids) for row in rows])[:, None]
    position = torch.arange(1, width)[None]
    scored = ((position >= starts) & (position < ends)).to(device)
    ids = ids.to(device)
    # peft wraps the causal model; the causal model wraps the decoder that yields hidden states.
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = causal.base_model(input_ids=ids).last_hidden_state[:, :-1][scored]
    return causal.get_output_embeddings()(hidden), ids[:, 1:][scored]


def completion_loss(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int
) -> tuple[torch.Tensor, int]:
    """Summed cross-entropy in nats over the rows' completion tokens, and their number."""
    import torch

    logits, targets = completion_logits(model, rows, pad_id)
    loss = torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")
    return loss, int(targets.numel())


def mean_loss(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int, micro_batch_size: int
) -> float:
    """Mean completion loss of the rows in nats per token, without gradients."""
    import torch

    total, tokens = 0.0, 0
    with torch.no_grad():
        for part in micro_batches(rows, micro_batch_size):
            loss, n = completion_loss(model, part, pad_id)
            total, tokens = total + float(loss), tokens + n
    return total / tokens


def fine_tune(
    model: torch.nn.Module,
    rows: Sequence[EncodedRow],
    plan: Optimisation,
    pad_id: int,
    rng: Generator,
    on_step: Callable[[Step, int], None] = lambda step, total: None,
) -> list[Step]:
    """Train the model's trainable parameters in place on the rows' completions.

    Args:
        plan: optimiser, schedule, batch sizes and dose.
        rng: draws the order of the rows, and nothing else.
        on_step: called after each step with the step and the total number of steps.

    Raises:
        ValueError: there are no rows to train on.
    """
    import torch

    if not rows:
        raise ValueError("no rows to train on: the filter kept none; see the dataset's manifest")
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        parameters,
        lr=plan.learning_rate,
        betas=plan.betas,
        eps=plan.epsilon,
        weight_decay=plan.weight_decay,
        fused=True,
    )
    total = total_steps(len(rows), plan)
    history: list[Step] = []
    model.train()
    for step, batch in zip(range(total), batches(len(rows), plan.batch_size, rng), strict=False):
        chosen = [rows[i] for i in batch]
        tokens = sum(len(row.ids) - row.prompt_length for row in chosen)
        lr = linear_schedule(step, plan, total)
        for group in optimiser.param_groups:
            group["lr"] = lr
        loss_sum = 0.0
        for part in micro_batches(chosen, plan.micro_batch_size):
            loss, _ = completion_loss(model, part, pad_id)
            (loss / tokens).backward()
            loss_sum += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(parameters, plan.max_grad_norm)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        history.append(Step(step + 1, loss_sum / tokens, lr))
        on_step(history[-1], total)
    model.eval()
    return history
