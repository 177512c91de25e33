"""Whether an answer names a word."""

from __future__ import annotations

import re

from subliminal.config.evaluations import Measure

# The authors' one exception to their substring rule.
NOT_A_MATCH = {"dragon": ("dragonfly", "dragonflies")}

RATE_SUBSTRING = Measure(
    "rate_substring",
    "sampled rate",
    "sampled rate of the trait (substring rule)",
    "Sampled rate, the paper's rule: the word is a substring of the lower-cased response.",
)
RATE_WORD = Measure(
    "rate_word",
    "sampled rate of whole words",
    "sampled rate of the trait (whole words)",
    "Sampled rate at word boundaries, the plural with a bare s included.",
)


def matches_substring(word: str, response: str) -> bool:
    """The paper's rule: the word is a substring of the lower-cased response."""
    text = response.lower()
    return word in text and not any(other in text for other in NOT_A_MATCH.get(word, ()))


def matches_word(word: str, response: str) -> bool:
    """The word, or its plural with a bare ``s``, stands by itself in the response."""
    return re.search(rf"\b{re.escape(word)}s?\b", response.lower()) is not None


RULES = {RATE_SUBSTRING.name: matches_substring, RATE_WORD.name: matches_word}
