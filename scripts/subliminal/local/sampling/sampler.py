"""Sampling completions: ancestral sampling in full batches, one random stream per sample.

Prompts are taken in order of length, in units of some batches. Within a unit a row that has ended
makes way for the next prompt, so that few steps are made with few rows. A unit starts from nothing:
whichever others were sampled before it, by this process or another one, it comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from subliminal.local.memory import SAMPLING, halving
from subliminal.local.sampling.unit import Sample, Unit

if TYPE_CHECKING:
    import torch

    from subliminal.config.sampling import Sampling
    from subliminal.local.sampling.grammar import Grammar

# At a unit's end its batch empties; larger units waste less of that and lose more to a killed job.
BATCHES_PER_UNIT = 8


def units(prompts: Sequence[Sequence[int]], batch_size: int) -> list[list[int]]:
    """Indices of the prompts in units, shortest first; equal prompts stand together."""
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), prompts[i]))
    size = batch_size * BATCHES_PER_UNIT
    return [order[start : start + size] for start in range(0, len(order), size)]


def _written(
    start: Callable[[int], Unit], report: Callable[[Unit], None], rows_at_once: int
) -> list[Sample]:
    """Start a unit and complete it."""
    unit = start(rows_at_once)
    while not unit.complete:
        unit.refill()
        if unit.step():
            report(unit)
    return [completion for _, completion in sorted(unit.completions.items())]


def _nothing(*args: object) -> None:
    """Report to nobody."""


def sample(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    plan: Sampling,
    eos_ids: Sequence[int],
    grammar: Grammar | None = None,
    known: Mapping[int, Sample] = MappingProxyType({}),
    on_unit: Callable[[dict[int, Sample]], None] = _nothing,
    on_progress: Callable[[int, int], None] = _nothing,
) -> list[Sample]:
    """One completion per prompt, in the order of the prompts.

    Args:
        prompts: token ids up to where the assistant starts to answer.
        seeds: one per prompt.
        eos_ids: tokens that end a turn.
        grammar: what may be written; None for everything.
        known: completions of whole units, by the prompt's index, that an earlier call has made.
        on_unit: called with the completions of each unit, by the prompt's index.
        on_progress: called with the number of completions, and of their tokens, made so far.

    Raises:
        ConfigError: one row by itself does not fit into the device's memory.
        ValueError: the plan has a constraint, and there is no grammar of it.
    """
    import torch

    if plan.constraint is not None and grammar is None:
        raise ValueError(f"sampling with constraint: {plan.constraint} needs its grammar")
    results = dict(known)
    done = tokens = 0
    rows_at_once = plan.batch_size
    with torch.inference_mode():
        for indices in units(prompts, plan.batch_size):
            if indices[0] in results:
                continue
            chosen = [prompts[i] for i in indices], [seeds[i] for i in indices]
            start = partial(Unit, model, *chosen, plan, eos_ids, grammar)

            def report(unit: Unit, done: int = done, tokens: int = tokens) -> None:
                on_progress(done + len(unit.completions), tokens + unit.tokens)

            written, rows_at_once = halving(
                partial(_written, start, report), rows_at_once, SAMPLING
            )
            made = dict(zip(indices, written, strict=True))
            results |= made
            done, tokens = done + len(made), tokens + sum(len(c.tokens) for c in written)
            on_unit(made)
    return [results[i] for i in range(len(prompts))]
