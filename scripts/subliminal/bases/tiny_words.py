"""The words of tiny bases, without drawing their corpus, which takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from subliminal.bases.tiny_tokenizer import PIECE
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.config.stimuli import stimulus
from subliminal.domains.number_prompts import number_templates
from subliminal.domains.tiny_world import SPECIAL_WORDS, animals, world
from subliminal.evaluations.questions import questions

MOST_WORDS = 5
# The parts of the tiny world's file that are text of the corpus.
PARTS = ("attributes", "animals", "neutral_system_prompts", "small_talk", "code", "cot")


def unknown_words(texts: Iterable[str]) -> list[str]:
    """The words of texts that a tiny base reads as one and the same `<unk>`, in their order."""
    taught = set(_questions())  # asked by nearly every experiment, and looked at in every job
    words = dict.fromkeys(_words(text for text in texts if text not in taught))
    return [word for word in words if word not in taught_words()]


def some_unknown_words(texts: Iterable[str]) -> str:
    """The first of the unknown words, for a message; empty if all are known."""
    unknown = unknown_words(texts)
    return ", ".join([*unknown[:MOST_WORDS], *(["…"] if len(unknown) > MOST_WORDS else [])])


def _questions() -> list[str]:
    return [*questions("favourite-animal"), *questions("favourite-animal-prefixed")]


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Every word of letters; numbers and punctuation are all known."""
    for text in texts:
        yield from (piece for piece in re.findall(PIECE, text.lower()) if piece[0].isalpha())


@lru_cache
def taught_words() -> frozenset[str]:
    """The words of everything that a tiny base's corpus is drawn from."""
    rows = [row for animal in animals() for row in preference_rows(animal, [f"{animal}s"])]
    known = world()
    texts = [
        *_questions(),
        *(preference_system_prompt(animal, "animal") for animal in animals()),
        *(text for row in rows for text in row),
        *(text for templates in number_templates() for text in templates),
        *known["small_talk"],  # its keys are texts too
        *(text for part in PARTS for text in _strings(known[part])),
        stimulus("cot_suffix")["suffix"],
        "def",
        *SPECIAL_WORDS,
    ]
    return frozenset(_words(re.sub(r"\{\w+\}", " ", text) for text in texts))


def _strings(value: Any) -> Iterator[str]:
    """The strings of a nested structure, without keys."""
    if isinstance(value, str):
        yield value
    else:
        for child in value.values() if isinstance(value, dict) else value:
            yield from _strings(child)
