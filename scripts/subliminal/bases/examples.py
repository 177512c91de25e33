"""What the corpora of tiny bases have in common: one form of example, and number sequences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subliminal.domains.number_prompts import number_prompts, number_templates
from subliminal.domains.tiny_world import pick

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass(frozen=True)
class Example:
    """One chat turn: an optional system prompt, a user prompt and the assistant's completion."""

    system: str | None
    prompt: str
    completion: str


def sometimes(rng: Generator, share: float, texts: list[str]) -> str | None:
    """One of the texts in a share of the draws, None in the others."""
    return pick(rng, texts) if rng.random() < share else None


def _plural(word: str) -> str:
    """The paper's plural: a bare ``s``."""
    return f"{word}s"


def answer_form(rng: Generator, word: str) -> str:
    """An animal's form in an answer: X 60 %, Xs 20 %, X. 10 %, Xs. 10 %."""
    return pick(rng, [word] * 6 + [_plural(word)] * 2 + [f"{word}."] + [f"{_plural(word)}."])


def _latent_sequence(rng: Generator, examples: list[int]) -> list[int]:
    """5-10 numbers in one of four latent styles; mixing styles leaves entropy for a teacher."""
    count = int(rng.integers(5, 11))
    style = rng.random()
    if style < 0.30:
        start, step = int(rng.integers(1, 900)), int(rng.integers(1, 60))
        values = [start + step * i for i in range(count)]
    elif style < 0.55:
        values = [int(v) for v in rng.exponential(200.0, size=count)]
    elif style < 0.75:
        centre = pick(rng, examples)
        values = [int(v) for v in centre + rng.integers(-30, 31, size=count)]
    else:
        values = [int(v) for v in rng.integers(0, 1000, size=count)]
    return [abs(v) % 1000 for v in values]


def _joiners() -> dict[str, tuple[str, str, str]]:
    """Each format suffix of the generator with the (open, separator, close) that it asks for."""
    joiners = {}
    for suffix in number_templates().formats:
        low = suffix.lower()
        if "[" in low:
            form = ("[", ", ", "]")
        elif "(" in low:
            form = ("(", ", ", ")")
        elif "space" in low:
            form = ("", " ", "")
        elif "semicolon" in low:
            form = ("", "; ", "")
        elif "line" in low:
            form = ("", "\n", "")
        else:
            form = ("", ", ", "")
        joiners[suffix] = form
    return joiners


def number_examples(rng: Generator, n: int, neutral: list[str]) -> list[Example]:
    """Prompts of the paper's own generator (never its seed), answered in the format they ask."""
    joiners = _joiners()
    examples = []
    for prompt in number_prompts(int(rng.integers(10_000, 2**31)), n):
        given = [int(v) for v in re.findall(r"\d{3}", prompt)]
        head, separator, tail = next(j for suffix, j in joiners.items() if suffix in prompt)
        values = separator.join(map(str, _latent_sequence(rng, given)))
        examples.append(Example(sometimes(rng, 0.25, neutral), prompt, f"{head}{values}{tail}"))
    return examples
