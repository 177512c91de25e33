"""A unit of samples, written in a batch that is kept full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow
from subliminal.local.prefix import common_prefix
from subliminal.local.sampling.draws import draw, uniforms

if TYPE_CHECKING:
    import torch

    from subliminal.config.sampling import Sampling
    from subliminal.local.sampling.grammar import Grammar

# The part of a batch's rows that new ones join at a time: a pass over few prompts costs more each.
REFILL = 1 / 8
# How many tokens a prompt may be longer than another that is computed beside it: little padding.
SPREAD = 8


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
    """A completion in the making: which sample, its last token, the grammar's state after it."""

    sample: int
    last: int
    state: int
    ids: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)


def _alike(prompts: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Ranges of sorted prompts that are computed in one pass each."""
    start = 0
    while start < len(prompts):
        longest = len(prompts[start]) + SPREAD
        longer = (i for i in range(start, len(prompts)) if len(prompts[i]) > longest)
        end = next(longer, len(prompts))
        yield start, end
        start = end


class Unit:
    """A unit in progress.

    Attributes:
        completions: by position of the prompt, as they become complete.
        tokens: drawn for them.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[int],
        plan: Sampling,
        eos_ids: Sequence[int],
        grammar: Grammar | None,
        rows_at_once: int,
    ) -> None:
        """Compute what all prompts begin with.

        Args:
            prompts: at least two tokens each, shortest first.
        """
        import torch

        from subliminal.local.sampling.row_cache import RowCache, keys_and_values

        self.completions: dict[int, Sample] = {}
        self.tokens = 0
        self._model, self._prompts, self._plan = model, prompts, plan
        self._ends, self._grammar = frozenset(eos_ids), grammar
        self._capacity = min(rows_at_once, len(prompts))
        self._device = next(model.parameters()).device
        self._uniform = torch.from_numpy(uniforms(seeds, plan.max_new_tokens)).to(self._device)
        self._rows: list[_Row] = []
        self._joined = 0
        self._cache = RowCache(self._capacity, len(prompts[-1]))
        self._shared = common_prefix([EncodedRow(list(p), len(p)) for p in prompts])
        self._prefix = keys_and_values(model, self._tensor([prompts[0][: self._shared]]))

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self._joined == len(self._prompts) and not self._rows

    def _tensor(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        import torch

        return torch.tensor(rows, dtype=torch.long, device=self._device)

    def refill(self) -> None:
        """Let the next samples join if there is room for enough of them."""
        free = self._capacity - len(self._rows)
        if free < max(1, REFILL * self._capacity):
            return
        self._cache.make_room()
        first = self._joined
        for start, end in _alike(self._prompts[first : first + free]):
            self._join(range(first + start, first + end))

    def _join(self, chosen: range) -> None:
        """Let these samples join: all of a prompt but its last token, equal prompts once."""
        from subliminal.local.sampling.row_cache import keys_and_values

        prompts = [tuple(self._prompts[i]) for i in chosen]
        place = {prompt: n for n, prompt in enumerate(dict.fromkeys(prompts))}
        rest = [prompt[self._shared : -1] for prompt in place]
        width = max(map(len, rest))
        # What stands on the right of a prompt is not looked at by it, and not taken over.
        ids = self._tensor([[*r, *[0] * (width - len(r))] for r in rest])
        layers = keys_and_values(self._model, ids, self._prefix)
        self._cache.join(layers, [place[p] for p in prompts], [len(p) - 1 for p in prompts])
        state = self._grammar.start if self._grammar is not None else 0
        self._rows += [_Row(i, p[-1], state) for i, p in zip(chosen, prompts, strict=True)]
        self._joined = chosen.stop

    def _draw(self, logits: torch.Tensor) -> list[tuple[int, float, int]]:
        """For each row the next token, its log-probability, and the grammar's state after it."""
        written = [len(row.ids) for row in self._rows]
        uniform = self._uniform[[row.sample for row in self._rows], written]
        if self._grammar is None:
            tokens, log_probs = draw(logits, uniform, self._plan.temperature)
            return [(t, p, 0) for t, p in zip(tokens.tolist(), log_probs.tolist(), strict=True)]
        states = [row.state for row in self._rows]
        left = [self._plan.max_new_tokens - n - 1 for n in written]
        logits = self._grammar.restricted(logits, states, left)
        choices, log_probs = draw(logits, uniform, self._plan.temperature)
        steps = map(self._grammar.step, states, choices.tolist())
        return [(t, p, s) for (t, s), p in zip(steps, log_probs.tolist(), strict=True)]

    def step(self) -> int:
        """Write one token in every row; how many rows it has completed, which then leave."""
        logits = self._cache.next_logits(self._model, [row.last for row in self._rows])
        going = []
        for n, (row, drawn) in enumerate(zip(self._rows, self._draw(logits), strict=True)):
            row.last, log_prob, row.state = drawn
            row.log_probs.append(log_prob)
            ended = row.last in self._ends
            if not ended:
                row.ids.append(row.last)
            if ended or len(row.ids) == self._plan.max_new_tokens:
                self.completions[row.sample] = Sample(
                    row.ids,
                    row.last if ended else None,
                    row.log_probs if self._plan.log_probs else None,
                )
                self.tokens += len(row.log_probs)
            else:
                going.append(n)
        left = len(self._rows) - len(going)
        if left:
            self._rows = [self._rows[n] for n in self._cache.keep(going)]
        return left
