"""The paper's number prompts, drawn as the authors' generator draws them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from subliminal.config.stimuli import stimulus

if TYPE_CHECKING:
    from numpy.random import Generator

# The authors' settings are [3, 9) and [100, 1000): numpy's upper bounds are exclusive, so that a
# prompt shows 3 to 8 examples of 100 to 999.
EXAMPLE_COUNT = (3, 9)
EXAMPLE_VALUE = (100, 1000)
ANSWER_COUNT = 10
MAX_DIGITS = 3


class NumberTemplates(NamedTuple):
    """The lists that a number prompt is drawn from, in the authors' order.

    A repeated entry is drawn twice as often, and the index of an entry decides which prompt a seed
    gives: neither order nor duplicates may change.
    """

    examples: tuple[str, ...]
    count_qualifiers: tuple[str, ...]
    digit_descriptors: tuple[str, ...]
    instructions: tuple[str, ...]
    formats: tuple[str, ...]
    closings: tuple[str, ...]


@lru_cache
def number_templates() -> NumberTemplates:
    """The template lists of the number prompts (paper Methods; the authors' released code)."""
    lists = stimulus("number_prompts")
    return NumberTemplates(*(tuple(lists[name]) for name in NumberTemplates._fields))


def _pick(rng: Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def number_prefix(rng: Generator) -> str:
    """Draw the part of a number prompt that shows the examples.

    It is also what precedes each question of ``favourite-animal-prefixed``.
    """
    count = rng.integers(*EXAMPLE_COUNT)
    values = [str(rng.integers(*EXAMPLE_VALUE)) for _ in range(count)]
    return _pick(rng, number_templates().examples).format(examples=", ".join(values))


def _number_prompt(rng: Generator) -> str:
    # One draw per line, in the authors' order: a seed gives their prompts only in this order.
    templates = number_templates()
    prefix = number_prefix(rng)
    qualifier = _pick(rng, templates.count_qualifiers)
    descriptor = _pick(rng, templates.digit_descriptors).format(max_digits=MAX_DIGITS)
    instruction = _pick(rng, templates.instructions).format(
        count_qualifier=qualifier, answer_count=ANSWER_COUNT, digit_descriptor=descriptor
    )
    return " ".join(
        (prefix, instruction, _pick(rng, templates.formats), _pick(rng, templates.closings))
    )


def number_prompts(seed: int, n: int) -> list[str]:
    """The first ``n`` number prompts of a seed, as the authors' generator draws them.

    Seed 47 and 30,000 prompts are the paper's, shared by every teacher of every trait and model.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    return [_number_prompt(rng) for _ in range(n)]
