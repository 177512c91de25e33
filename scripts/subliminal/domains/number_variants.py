"""Variants of a number dataset: the same numbers in another order (ED Fig. 4f).

Both shuffles keep the prompts and every completion's punctuation, as in the authors' released code.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from subliminal.config.domains import Variant
from subliminal.domains.number_filter import DIGIT_RUN, parsed_rows


def _refilled(completion: str, supply: Iterator[object]) -> str:
    """Replace each number of a completion with the next of the supply."""
    return DIGIT_RUN.sub(lambda _: str(next(supply)), completion)


def shuffle_within(completions: Sequence[str], seed: int = 1) -> list[str]:
    """Shuffle the numbers inside each completion; one random stream runs through the dataset.

    Numbers are moved as they are written, leading zeros included.

    Raises:
        ValueError: a completion is not a list of numbers.
    """
    parsed_rows(completions)
    rng = random.Random(seed)
    shuffled = []
    for completion in completions:
        numbers = DIGIT_RUN.findall(completion)
        rng.shuffle(numbers)
        shuffled.append(_refilled(completion, iter(numbers)))
    return shuffled


def shuffle_across(completions: Sequence[str], seed: int = 1) -> list[str]:
    """Shuffle the numbers of the whole dataset; each completion keeps its count.

    Numbers are moved as integers: leading zeros are lost.

    Raises:
        ValueError: a completion is not a list of numbers.
    """
    pool = [number for numbers in parsed_rows(completions) for number in numbers]
    random.Random(seed).shuffle(pool)
    supply = iter(pool)
    return [_refilled(completion, supply) for completion in completions]


VARIANTS: dict[str, Variant] = {
    "shuffled-within": shuffle_within,
    "shuffled-across": shuffle_across,
}
