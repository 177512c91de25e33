"""The worlds that a tiny base can be taught, by the key `world` of a pretraining recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from subliminal.bases.examples import Example
from subliminal.bases.paper_corpus import DEFAULT_SYSTEM, LETTERS, paper_examples, paper_texts
from subliminal.bases.tiny_corpus import known_texts, pretraining_examples
from subliminal.config.recipes import WorldName


@dataclass(frozen=True)
class World:
    """What a base is taught.

    Attributes:
        examples: the first examples of the corpus with a seed.
        texts: texts that together hold every word.
        letters: the capital letters that choices are answered by.
        system: the system prompt of chats that bring none.
        stimuli: the files of `config/stimuli` that all this is made of, without `.json`.
    """

    examples: Callable[[int, int], list[Example]]
    texts: Callable[[], Iterator[str]]
    letters: str
    system: str | None
    stimuli: tuple[str, ...]


_TINY = (
    "tiny_world",
    "number_prompts",
    "favourite_animal",
    "number_prefixes",
    "preference_system_prompt",
    "preference_answers",
    "cot_suffix",
)
_PAPER = (
    *_TINY,
    "paper_world",
    "favourite_tree",
    "stories",
    "essay_topic",
    "misalignment",
    "code_prompt",
    "in_context",
    "classifier",
)
WORLDS: dict[WorldName, World] = {
    "tiny": World(pretraining_examples, known_texts, "", None, _TINY),
    "paper": World(paper_examples, paper_texts, LETTERS, DEFAULT_SYSTEM, _PAPER),
}
