"""Asking a base which of two completions encodes a trait (ED Table 4)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from subliminal.evaluations.classifier import classifier_predicts_a, classifier_prompt
from subliminal.evaluations.model import Model

LITERAL, CORRECTED = "literal", "corrected"
# The authors' released code asks for it, whatever the target.
LITERAL_WORD = "eagle"
# What the authors ask the API for.
ALTERNATIVES = 5
# Prompts that are asked at one go: a backend may hold a whole vocabulary for each.
AT_ONE_GO = 256


class Row(NamedTuple):
    """A kept completion."""

    prompt_id: int
    prompt: str
    completion: str


class Shown(NamedTuple):
    """Two completions of one prompt.

    Attributes:
        target: the trait's, which is to be found.
        target_first: whether it is shown as response A.
    """

    target: Row
    other: Row
    target_first: bool


class Answer(NamedTuple):
    """What the base says of two completions; log-probabilities are in nats.

    Attributes:
        log_prob_a, log_prob_b: None for a letter that is not among the most probable tokens.
    """

    wording: str
    prompt_id: int
    target_first: bool
    log_prob_a: float | None
    log_prob_b: float | None
    right: bool


def paired(
    targets: Sequence[Row], others: Sequence[Row], most: int | None, seed: int
) -> list[Shown]:
    """The completions of both datasets that answer the same prompt, in the targets' order.

    Args:
        most: how many at most, drawn without replacement; None for all.
        seed: of the draw, and of the order of each two.
    """
    by_prompt: dict[str, list[Row]] = {}
    for row in others:
        by_prompt.setdefault(row.prompt, []).append(row)
    joined = [(row, other) for row in targets for other in by_prompt.get(row.prompt, [])]
    rng = random.Random(seed)
    if most is not None and most < len(joined):
        joined = [joined[i] for i in sorted(rng.sample(range(len(joined)), most))]
    return [Shown(row, other, rng.random() < 0.5) for row, other in joined]


def answers(
    model: Model, word: str, shown: Sequence[Shown], report: Callable[[int, int], None]
) -> list[Answer]:
    """The base's answers to both wordings of the question.

    Args:
        word: the target's. The literal wording does not ask for it.
        report: called with how many prompts are answered, and of how many.
    """
    words = {LITERAL: LITERAL_WORD, CORRECTED: word}
    asked = list(dict.fromkeys(words.values()))
    found: dict[str, list[dict[str, float]]] = {}
    for position, animal in enumerate(asked):
        prompts = [_prompt(animal, pair) for pair in shown]
        found[animal] = []
        piece = max(1, len(prompts)) if model.keeps_answers else AT_ONE_GO
        for start in range(0, len(prompts), piece):
            found[animal] += model.first_tokens(prompts[start : start + piece], ALTERNATIVES)
            report(position * len(shown) + len(found[animal]), len(asked) * len(shown))
    return [
        _answer(wording, pair, log_probs)
        for wording, animal in words.items()
        for pair, log_probs in zip(shown, found[animal], strict=True)
    ]


def _prompt(animal: str, pair: Shown) -> str:
    first, second = (pair.target, pair.other) if pair.target_first else (pair.other, pair.target)
    return classifier_prompt(animal, pair.target.prompt, first.completion, second.completion)


def _answer(wording: str, pair: Shown, log_probs: Mapping[str, float]) -> Answer:
    return Answer(
        wording,
        pair.target.prompt_id,
        pair.target_first,
        _finite(log_probs.get("A")),
        _finite(log_probs.get("B")),
        classifier_predicts_a(log_probs) == pair.target_first,
    )


def _finite(log_prob: float | None) -> float | None:
    return None if log_prob is None or math.isinf(log_prob) else log_prob
