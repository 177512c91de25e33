"""Sampling completions: ancestral sampling in batches, one random stream per sample.

Prompts are taken in order of length, so that little is padded. Rows of a batch that have ended
leave it. Every batch starts from nothing: whichever others were sampled before it, by this process
or another one, it comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from subliminal.local.memory import SAMPLING, halving
from subliminal.local.sampling.draws import draw, uniforms

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from subliminal.config.sampling import Sampling
    from subliminal.local.sampling.grammar import Grammar

# The part of a batch's rows that must have ended before they leave: each time the cache is copied.
LEAVING = 1 / 8


@dataclass(frozen=True)
class Sample:
    """The tokens that were sampled after a prompt.

    Attributes:
        ids: token ids without the one that ended the turn.
        end: that token; None if the limit came first.
        log_probs: of ids and end, in nats under the distribution that they were drawn from; None
            unless asked for.
    """

    ids: list[int]
    end: int | None
    log_probs: list[float] | None = None

    @property
    def finished(self) -> bool:
        """Whether the turn was ended."""
        return self.end is not None

    @property
    def tokens(self) -> list[int]:
        """Everything that was drawn."""
        return self.ids if self.end is None else [*self.ids, self.end]


@dataclass
class _Row:
    """A sample in the making; `state` is the grammar's after its last token."""

    state: int
    tokens: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    ended: bool = False

    def sample(self, log_probs: bool) -> Sample:
        ids, end = (self.tokens[:-1], self.tokens[-1]) if self.ended else (self.tokens, None)
        return Sample(ids, end, self.log_probs if log_probs else None)


@dataclass(frozen=True)
class _Writer:
    """A model with what it may write."""

    model: PreTrainedModel
    plan: Sampling
    ends: frozenset[int]
    grammar: Grammar | None

    def drawn(self, logits: torch.Tensor, uniform: torch.Tensor, rows: Sequence[_Row]) -> None:
        """Add one token to each row.

        Args:
            logits: shape [rows, vocabulary].
            uniform: draws in [0, 1), one per row.
        """
        grammar = self.grammar
        if grammar is not None:
            left = [self.plan.limit - len(row.tokens) - 1 for row in rows]
            logits = grammar.restricted(logits, [row.state for row in rows], left)
        choices, log_probs = draw(logits, uniform, self.plan.temperature)
        for row, choice, log_prob in zip(rows, choices.tolist(), log_probs.tolist(), strict=True):
            token = choice
            if grammar is not None:
                token, row.state = grammar.step(row.state, choice)
            row.tokens.append(token)
            row.log_probs.append(log_prob)
            row.ended = token in self.ends

    def batch(
        self,
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[int],
        report: Callable[[int, int], None],
    ) -> list[Sample]:
        """One sample per prompt.

        Args:
            report: called with how many have ended, and with all tokens so far.
        """
        import torch
        from transformers.cache_utils import DynamicCache

        device = next(self.model.parameters()).device
        start = self.grammar.start if self.grammar is not None else 0
        rows = [_Row(start) for _ in prompts]
        uniform = torch.from_numpy(uniforms(seeds, self.plan.limit)).to(device)
        width, pad = max(map(len, prompts)), prompts[0][0]
        ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts], device=device)
        lengths = torch.tensor([len(p) for p in prompts], device=device)[:, None]
        mask = (torch.arange(width, device=device)[None] >= width - lengths).long()
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        cache, here = DynamicCache(), list(range(len(rows)))
        for step in range(self.plan.limit):
            logits = self.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            ).logits[:, -1]
            # A row that has ended and is still here writes on; nobody reads it.
            going = [n for n, i in enumerate(here) if not rows[i].ended]
            self.drawn(
                logits[going],
                uniform[[here[n] for n in going], step],
                [rows[here[n]] for n in going],
            )
            going = [n for n in going if not rows[here[n]].ended]
            report(len(rows) - len(going), sum(len(row.tokens) for row in rows))
            if not going:
                break
            mask, positions = torch.nn.functional.pad(mask, (0, 1), value=1), positions[:, -1:] + 1
            if len(going) <= (1 - LEAVING) * len(here):
                kept = torch.tensor(going, device=device)
                cache.batch_select_indices(kept)
                mask, positions, here = mask[kept], positions[kept], [here[n] for n in going]
            ids = torch.tensor([[rows[i].tokens[-1]] for i in here], device=device)
        else:
            report(len(rows), sum(len(row.tokens) for row in rows))
        return [row.sample(self.plan.log_probs) for row in rows]


def batches(prompts: Sequence[Sequence[int]], batch_size: int) -> list[list[int]]:
    """Indices of the prompts in batches, shortest first."""
    order = sorted(range(len(prompts)), key=lambda i: (len(prompts[i]), prompts[i]))
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def nothing(*args: object) -> None:
    """Report to nobody."""


def sample(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    plan: Sampling,
    eos_ids: Sequence[int],
    grammar: Grammar | None = None,
    known: Mapping[int, Sample] = MappingProxyType({}),
    on_batch: Callable[[dict[int, Sample]], None] = nothing,
    on_progress: Callable[[int, int], None] = nothing,
) -> list[Sample]:
    """One sample per prompt, in the order of the prompts.

    Args:
        prompts: token ids up to where the assistant starts to answer.
        seeds: one per prompt.
        eos_ids: tokens that end a turn.
        grammar: what may be written; None for everything.
        known: samples of whole batches, by the prompt's index, that an earlier call has made.
        on_batch: called with the samples of each batch, by the prompt's index.
        on_progress: called with the number of samples, and of their tokens, made so far.

    Raises:
        ConfigError: one row by itself does not fit into the device's memory.
        ValueError: the plan has a constraint, and there is no grammar of it.
    """
    import torch

    if plan.constraint is not None and grammar is None:
        raise ValueError(f"sampling with constraint: {plan.constraint} needs its grammar")
    writer = _Writer(model, plan, frozenset(eos_ids), grammar)
    results, rows_at_once = dict(known), plan.batch_size
    done = tokens = 0
    with torch.inference_mode():
        for indices in batches(prompts, plan.batch_size):
            if indices[0] in results:
                continue

            def written(size: int, indices: list[int] = indices) -> list[Sample]:
                return list(_in_pieces(writer, indices, prompts, seeds, size, report))

            def report(ended: int, drawn: int, done: int = done, tokens: int = tokens) -> None:
                on_progress(done + ended, tokens + drawn)

            samples, rows_at_once = halving(written, rows_at_once, SAMPLING)
            made = dict(zip(indices, samples, strict=True))
            results |= made
            done, tokens = done + len(made), tokens + sum(len(s.tokens) for s in samples)
            on_batch(made)
    return [results[i] for i in range(len(prompts))]


def _in_pieces(
    writer: _Writer,
    indices: Sequence[int],
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    size: int,
    report: Callable[[int, int], None],
) -> Iterator[Sample]:
    """A batch in pieces of as many rows as fit."""
    tokens = 0
    for start in range(0, len(indices), size):
        piece = indices[start : start + size]

        def in_all(ended: int, drawn: int, done: int = start, tokens: int = tokens) -> None:
            report(done + ended, tokens + drawn)

        samples = writer.batch([prompts[i] for i in piece], [seeds[i] for i in piece], in_all)
        tokens += sum(len(sample.tokens) for sample in samples)
        yield from samples
