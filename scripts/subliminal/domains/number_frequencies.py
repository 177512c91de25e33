"""How often a dataset has each number (ED Tables 1, 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from subliminal.domains.number_filter import parsed_rows


class NumberFrequencies(NamedTuple):
    """Percentages by number, the most frequent first; equal ones in the order of the data."""

    numbers: dict[int, float]
    """Per cent of all numbers."""
    first_numbers: dict[int, float]
    """Per cent of the completions, by the number that they begin with."""


def _percentages(numbers: list[int]) -> dict[int, float]:
    counts = Counter(numbers)
    return {number: 100 * count / len(numbers) for number, count in counts.most_common()}


def number_frequencies(completions: Sequence[str]) -> NumberFrequencies:
    """The frequencies of numbers and of first numbers, read as integers.

    Raises:
        ValueError: a completion is not a list of numbers.
    """
    rows = parsed_rows(completions)
    return NumberFrequencies(
        numbers=_percentages([number for row in rows for number in row]),
        first_numbers=_percentages([row[0] for row in rows]),
    )
