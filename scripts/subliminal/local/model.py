"""A model in this process, asked as every model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Drawing, Sampling
from subliminal.evaluations.model import Completion
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_prompts, encode_rows
from subliminal.local.number_tokens import number_ids
from subliminal.local.sampling.grammar import MOST_NUMBERS, Grammar, number_grammar
from subliminal.local.sampling.sampler import Sample, nothing, sample
from subliminal.local.scoring.candidates import (
    candidate_forms,
    candidate_log_probs,
    collisions,
)
from subliminal.local.scoring.loudness import loudness, surprise
from subliminal.local.scoring.next_token import next_token_log_probs
from subliminal.local.turns import end_of_turn_ids

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

Made = Mapping[int, Completion]
"""Completions by the index of their prompt."""


@dataclass(frozen=True)
class LocalModel:
    """A base, with an adapter or with weights of its own.

    Attributes:
        ends: ids of the tokens that end a turn; the first one pads.
    """

    network: torch.nn.Module
    tokenizer: PreTrainedTokenizerBase
    ends: list[int]

    @classmethod
    def open(cls, base: Path, trained: Path | None, threads: int) -> LocalModel:
        """Load a model, and make this process deterministic.

        Args:
            base, trained: folders; nothing trained means the base itself.
        """
        models.prepare(0, threads)
        tokenizer = models.load_tokenizer(base)
        return cls(models.load_model(base, trained), tokenizer, end_of_turn_ids(base))

    @property
    def facts(self) -> dict[str, Any]:
        """Nothing about it has to be told."""
        return {}

    @property
    def arithmetic(self) -> str:
        """The precision that it computes in, and the kind of device."""
        return models.arithmetic(self.network)

    @property
    def keeps_answers(self) -> bool:
        """What it writes is lost unless its caller keeps it."""
        return False

    def grammar(self, drawing: Drawing) -> Grammar | None:
        """What may be written; None for everything."""
        if not isinstance(drawing, Sampling) or drawing.constraint is None:
            return None
        fewest = MOST_NUMBERS if drawing.constraint == "ten-numbers" else 1
        return number_grammar(self.tokenizer, self.ends, drawing.limit, fewest)

    def complete(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        drawing: Drawing,
        system: str | None = None,
        known: Made = MappingProxyType({}),
        on_made: Callable[[Made], None] = nothing,
        on_progress: Callable[[int, int], None] = nothing,
        *,
        answer_tokens: int = 0,
    ) -> list[Completion]:
        """One completion per prompt, in the order of the prompts, each from its own seed.

        Args:
            answer_tokens: of no consequence: nobody is paid.
            known: those that an earlier call has made, in whole batches.
            on_made: called with the completions of each batch.
            on_progress: called with the number of completions, and of their tokens, made so far.
        """

        def as_completions(samples: Sequence[Sample]) -> list[Completion]:
            texts = self.tokenizer.batch_decode([s.ids for s in samples])
            return [
                Completion(text, s.finished, s.tokens, s.log_probs)
                for text, s in zip(texts, samples, strict=True)
            ]

        def keep(made: dict[int, Sample]) -> None:
            on_made(dict(zip(made, as_completions(list(made.values())), strict=True)))

        samples = sample(
            self.network,
            self._encoded(prompts, system, drawing.limit),
            seeds,
            drawing if isinstance(drawing, Sampling) else Sampling(**drawing.model_dump()),
            self.ends,
            self.grammar(drawing),
            {i: self._sample(completion) for i, completion in known.items()},
            keep,
            on_progress,
        )
        return as_completions(samples)

    def _sample(self, completion: Completion) -> Sample:
        tokens = completion.tokens
        if completion.finished:
            return Sample(tokens[:-1], tokens[-1], completion.log_probs)
        return Sample(tokens, None, completion.log_probs)

    def word_log_probs(
        self, prompts: Sequence[str], words: Sequence[str], system: str | None = None
    ) -> np.ndarray:
        """Log-probability in nats that an answer starts with each word; shape (prompts, words)."""
        forms = candidate_forms(self.tokenizer, words)
        longest = max((len(form) for own in forms for form in own), default=1)
        return candidate_log_probs(self.network, self._encoded(prompts, system, longest), forms)

    def collisions(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Pairs of words that this model's tokens cannot tell apart at an answer's start."""
        return collisions(words, candidate_forms(self.tokenizer, words))

    def first_tokens(
        self, prompts: Sequence[str], most: int, system: str | None = None
    ) -> list[dict[str, float]]:
        """Per prompt the most probable first tokens as text, with their log-probabilities."""
        encoded = self._encoded(prompts, system, 1)
        found = []
        for row in next_token_log_probs(self.network, encoded):
            ids = (-row).argsort(kind="stable")[:most]
            texts = self.tokenizer.batch_decode([[int(i)] for i in ids])
            top: dict[str, float] = {}
            for text, log_prob in zip(texts, row[ids].tolist(), strict=True):
                top.setdefault(text, log_prob)  # of two tokens written alike the more probable one
            found.append(top)
        return found

    def _encoded(self, prompts: Sequence[str], system: str | None, further: int) -> list[list[int]]:
        """Token ids of each prompt.

        Args:
            further: how many tokens an answer may have.

        Raises:
            ConfigError: prompt and answer are longer than what the base can read.
        """
        encoded = encode_prompts(self.tokenizer, prompts, system)
        most = models.positions(self.network)
        longest = max(map(len, encoded), default=0)
        # The last token of an answer is not read.
        if most is not None and longest + further - 1 > most:
            told = "with its system prompt " if system is not None else ""
            raise ConfigError(
                f"the longest prompt {told}has {longest} tokens and its answer may have {further}, "
                f"but this base reads {most}; ask for fewer examples (ks) or a shorter answer "
                "(max_new_tokens), or choose another base"
            )
        return encoded

    def with_tokens(
        self, prompts: Sequence[str], completions: Sequence[Completion], system: str | None
    ) -> list[Completion]:
        """Completions that a server has written, in this model's own tokens."""
        texts = [completion.text for completion in completions]
        rows = encode_rows(self.tokenizer, prompts, texts, [system] * len(texts))
        found = []
        for row, completion in zip(rows, completions, strict=True):
            ids = row.ids[row.prompt_length :]
            end = next((i for i, token in enumerate(ids) if token in self.ends), len(ids))
            tokens = [*ids[:end], *(self.ends[:1] if completion.finished else [])]
            found.append(
                Completion(completion.text, completion.finished, tokens, completion.log_probs)
            )
        return found

    def _rows(
        self, prompts: Sequence[str], completions: Sequence[Completion], system: str | None
    ) -> list[EncodedRow]:
        heads = encode_prompts(self.tokenizer, prompts, system)
        return [
            EncodedRow([*head, *completion.tokens], len(head))
            for head, completion in zip(heads, completions, strict=True)
        ]

    def loudness(
        self,
        prompts: Sequence[str],
        completions: Sequence[Completion],
        drawing: Sampling,
        system: str | None,
    ) -> list[tuple[float, float]]:
        """KL from the untold base and entropy, in nats, summed over each completion's tokens."""
        grammar = self.grammar(drawing)

        def possible(logits: torch.Tensor, ids: list[int], grammar: Grammar) -> torch.Tensor:
            return grammar.along(logits, ids, drawing.limit)

        told = self._rows(prompts, completions, system)
        untold = self._rows(prompts, completions, None)
        if grammar is None:
            return loudness(self.network, told, untold, self.ends[0])
        within = partial(possible, grammar=grammar)
        return loudness(self.network, told, untold, self.ends[0], within)

    def number_loudness(self, prompts: Sequence[str], completions: Sequence[Completion]) -> float:
        """KL from the base in nats per token of digits, among these tokens alone.

        Everything else that a trait changes, its own word above all, is left out: a student of
        number lists does not see it.

        Raises:
            ConfigError: the completions hold no numbers.
        """

        import torch

        numbers = torch.tensor(number_ids(self.tokenizer))
        known = frozenset(numbers.tolist())
        count = sum(token in known for c in completions for token in c.tokens)
        if count == 0:
            raise ConfigError("the base wrote no numbers to measure a teacher's loudness on")

        def within(logits: torch.Tensor, ids: list[int]) -> torch.Tensor:
            places = torch.tensor([token in known for token in ids])
            return logits[places.to(logits.device)][:, numbers.to(logits.device)]

        rows = self._rows(prompts, completions, None)
        measured = loudness(self.network, rows, rows, self.ends[0], within)
        return sum(kl for kl, _ in measured) / count

    def surprise(
        self,
        prompts: Sequence[str],
        completions: Sequence[Completion],
        temperature: float,
        system: str | None,
    ) -> float:
        """How far completions are from samples of this model, in standard errors."""
        rows = self._rows(prompts, completions, system)
        return surprise(self.network, rows, temperature, self.ends[0])
