"""Completion-only fine-tuning of any causal language model, LoRA or full.

The effective batch is the invariant: it is sorted by length and cut into micro-batches, so that
padding and memory shrink without changing the mathematics. Output logits are computed only where
there is loss; with prompts much longer than completions that is most of the head's cost.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError
from subliminal.local.encoding import EncodedRow
from subliminal.local.memory import ALL_WEIGHTS, TRAINING, halving
from subliminal.local.training.checkpoints import Checkpoints, State
from subliminal.local.training.objectives import Objective
from subliminal.local.training.optimiser_state import put_back, tensors_of

if TYPE_CHECKING:
    import torch
    from numpy.random import Generator
    from transformers import PreTrainedModel

    from subliminal.config.recipes import Optimisation

# Of a run's steps, at either end: what its first and its final loss are means over.
END = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """One optimiser step.

    Attributes:
        step: its number, from 1.
        loss: mean over the batch's positions, in nats.
        tokens: of its rows, prompts included.
    """

    step: int
    loss: float
    learning_rate: float
    tokens: int


def steps_per_epoch(rows: int, batch_size: int) -> int:
    """Optimiser steps in one pass over the rows; the last, smaller batch counts."""
    return math.ceil(rows / batch_size)


def total_steps(rows: int, plan: Optimisation) -> int:
    """How many optimiser steps a plan takes on this many rows."""
    if plan.steps is not None:
        return plan.steps
    assert plan.epochs is not None, "a plan has one dose"
    return plan.epochs * steps_per_epoch(rows, plan.batch_size)


def learning_rate(step: int, plan: Optimisation, total: int) -> float:
    """Of a step (from 0): linear warm-up, then linear to zero or constant, as in transformers."""
    if step < plan.warmup_steps:
        return plan.learning_rate * step / plan.warmup_steps
    if plan.schedule == "constant":
        return plan.learning_rate
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


def _positions(objective: Objective, rows: Sequence[EncodedRow]) -> int:
    positions = objective.positions(rows)
    if positions == 0:
        raise ConfigError(
            "no position to train on: the rows hold no token of the distillation's support; use a "
            "recipe without 'distillation'"
        )
    return positions


def mean_loss(
    model: torch.nn.Module, rows: Sequence[EncodedRow], objective: Objective, micro_batch_size: int
) -> float:
    """Mean loss of the rows in nats per position, without gradients.

    Raises:
        ConfigError: the rows have no position that counts.
    """
    import torch

    positions = _positions(objective, rows)

    def attempt(rows_at_once: int) -> float:
        parts = micro_batches(rows, rows_at_once)
        return sum(float(objective.loss_sum(model, part)) for part in parts) / positions

    with torch.no_grad():
        return halving(attempt, micro_batch_size, TRAINING)[0]


def loss_at_ends(history: Sequence[Step]) -> dict[str, float]:
    """Mean losses of the first and of the last steps, in nats per token, for a manifest."""
    n = math.ceil(END * len(history))
    first, last = history[:n], history[-n:]
    return {
        "first_loss": sum(step.loss for step in first) / n,
        "final_loss": sum(step.loss for step in last) / n,
    }


@contextmanager
def _training_mode(model: PreTrainedModel, plan: Optimisation) -> Iterator[None]:
    model.train()
    if plan.gradient_checkpointing:
        # The other kind would lose all gradients where the base, and so its input, is frozen.
        model.activation_checkpointing_enable({"use_reentrant": False})
    try:
        yield
    finally:
        if plan.gradient_checkpointing:
            model.activation_checkpointing_disable()
        model.eval()


def fine_tune(
    model: PreTrainedModel,
    rows: Sequence[EncodedRow],
    plan: Optimisation,
    objective: Objective,
    rng: Generator,
    on_step: Callable[[Step, int], None] = lambda step, total: None,
    checkpoints: Checkpoints | None = None,
) -> list[Step]:
    """Train the model's trainable parameters in place on the rows' completions.

    Args:
        plan: optimiser, schedule, batch sizes and dose.
        objective: the loss whose mean over a batch's positions is made small.
        rng: draws the order of the rows, and nothing else.
        on_step: called after each step with the step and the total number of steps.
        checkpoints: where to go on from, if a run of this identity was killed, and to write to.

    Raises:
        ConfigError: there are no rows to train on, or a batch has no position that counts, or not
            even one row fits into the device's memory.
    """
    import torch

    if not rows:
        raise ConfigError("no rows to train on: the filter kept none; see the dataset's manifest")
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    optimiser = torch.optim.AdamW(
        parameters.values(),
        lr=plan.learning_rate,
        betas=(plan.betas[0], plan.betas[1]),
        eps=plan.epsilon,
        weight_decay=plan.weight_decay,
        fused=True,
    )
    total = total_steps(len(rows), plan)
    history: list[Step] = []
    rows_at_once = plan.micro_batch_size
    saved = checkpoints.read() if checkpoints is not None else None
    if saved is not None:
        put_back(saved.tensors, parameters, optimiser)
        history = [Step(**step) for step in saved.values["history"]]
        rows_at_once = saved.values["rows_at_once"]
        log.info("going on after step %d/%d", len(history), total)
        del saved
    # The order of a run that goes on is drawn from its beginning: same generator, same order.
    order = islice(batches(len(rows), plan.batch_size, rng), len(history), total)
    with _training_mode(model, plan):
        for step, batch in enumerate(order, start=len(history)):
            chosen = [rows[i] for i in batch]
            lr = learning_rate(step, plan, total)
            for group in optimiser.param_groups:
                group["lr"] = lr
            loss, rows_at_once = _gradients(model, optimiser, chosen, objective, rows_at_once)
            torch.nn.utils.clip_grad_norm_(parameters.values(), plan.max_grad_norm)
            _step(optimiser)
            history.append(Step(step + 1, loss, lr, sum(len(row.ids) for row in chosen)))
            if checkpoints is not None and checkpoints.due():
                values = {"history": [asdict(s) for s in history], "rows_at_once": rows_at_once}
                checkpoints.write(State(tensors_of(parameters, optimiser), values))
            on_step(history[-1], total)
    optimiser.zero_grad(set_to_none=True)
    return history


def _step(optimiser: torch.optim.Optimizer) -> None:
    """Step; the first one allots the moments."""
    import torch

    try:
        optimiser.step()
    except torch.OutOfMemoryError as error:
        raise ConfigError(f"out of memory {ALL_WEIGHTS}") from error


def _gradients(
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    rows: Sequence[EncodedRow],
    objective: Objective,
    rows_at_once: int,
) -> tuple[float, int]:
    """Leave the gradient of the rows' mean loss; give that loss, and how many rows fit at once."""
    positions = _positions(objective, rows)

    def attempt(size: int) -> float:
        optimiser.zero_grad(set_to_none=True)
        loss_sum = 0.0
        for part in micro_batches(rows, size):
            loss = objective.loss_sum(model, part)
            (loss / positions).backward()
            loss_sum += float(loss.detach())
        return loss_sum / positions

    return halving(attempt, rows_at_once, TRAINING)
