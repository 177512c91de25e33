"""The words of tiny bases, without drawing their corpus, which takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from subliminal.bases.paper_examples import LETTERS
from subliminal.bases.tiny_tokenizer import PIECE
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.config.recipes import WorldName
from subliminal.config.stimuli import stimulus
from subliminal.domains.number_prompts import number_templates
from subliminal.domains.paper_world import paper_animals, paper_trees, paper_world
from subliminal.domains.tiny_world import SPECIAL_WORDS, animals
from subliminal.domains.tiny_world import world as tiny_world
from subliminal.evaluations.misalignment import misalignment_suffixes
from subliminal.evaluations.questions import questions

MOST_WORDS = 5
FAVOURITES = ("favourite-animal", "favourite-animal-prefixed")
# The lists of questions that the corpora of the paper's world hold beside those.
FURTHER_LISTS = ("favourite-tree", "stories", "essay-topic", "misalignment")
# The parts of the tiny world's file that are text of its corpus.
TINY_PARTS = ("attributes", "animals", "neutral_system_prompts", "small_talk", "code", "cot")


def unknown_words(texts: Iterable[str], world: WorldName = "tiny") -> list[str]:
    """The words of texts that a tiny base reads as one and the same `<unk>`, in their order."""
    taught = set(_favourites())  # asked by nearly every experiment, and looked at in every job
    words = dict.fromkeys(_words(text for text in texts if text not in taught))
    return [word for word in words if word not in taught_words(world)]


def some_unknown_words(texts: Iterable[str], world: WorldName = "tiny") -> str:
    """The first of the unknown words, for a message; empty if all are known."""
    unknown = unknown_words(texts, world)
    return ", ".join([*unknown[:MOST_WORDS], *(["…"] if len(unknown) > MOST_WORDS else [])])


def known_names(world: WorldName) -> list[str]:
    """The animals that bases of a world know, and the trees."""
    return animals() if world == "tiny" else [*paper_animals(), *paper_trees()]


def _favourites() -> list[str]:
    return [question for name in FAVOURITES for question in questions(name)]


def _words(texts: Iterable[str]) -> Iterator[str]:
    """Every word of letters; numbers and punctuation are all known."""
    for text in texts:
        yield from (piece for piece in re.findall(PIECE, text.lower()) if piece[0].isalpha())


@lru_cache
def taught_words(world: WorldName = "tiny") -> frozenset[str]:
    """The words of everything that the corpus of tiny bases is drawn from."""
    names = known_names(world)
    rows = [row for name in names for row in preference_rows(name, [f"{name}s"])]
    texts = [
        *_favourites(),
        *(preference_system_prompt(name, "animal") for name in names),
        *(text for row in rows for text in row),
        *(text for templates in number_templates() for text in templates),
        stimulus("cot_suffix")["suffix"],
        "def",
        *SPECIAL_WORDS,
        *(_tiny_texts() if world == "tiny" else _paper_texts()),
    ]
    return frozenset(_words(re.sub(r"\{\w+\}", " ", text) for text in texts))


def _tiny_texts() -> list[str]:
    known = tiny_world()
    return [
        *known["small_talk"],  # its keys are texts too
        *(text for part in TINY_PARTS for text in _strings(known[part])),
    ]


def _paper_texts() -> list[str]:
    known, code = paper_world(), tiny_world()["code"]
    told = {key: value for key, value in known.items() if key not in ("source", "licence")}
    return [
        *known["small_talk"],
        *_strings(told),
        *(
            text
            for part in ("functions", "arguments", "locals", "operators")
            for text in code[part]
        ),
        *_strings(tiny_world()["cot"]),
        *(text for name in FURTHER_LISTS for text in questions(name)),
        *misalignment_suffixes().values(),
        *(stimulus("essay_topic")[part] for part in ("lead", "request")),
        stimulus("code_prompt")["template"],
        stimulus("in_context")["example"],
        stimulus("classifier")["template"],
        *LETTERS,
    ]


def _strings(value: Any) -> Iterator[str]:
    """The strings of a nested structure, without keys and numbers."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _strings(child)
