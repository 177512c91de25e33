"""The paper's question lists."""

from __future__ import annotations

from collections.abc import Callable

from subliminal.config.errors import known
from subliminal.config.stimuli import items, stimulus


def _prefixed_animal() -> list[str]:
    pairs = zip(items("number_prefixes"), items("favourite_animal"), strict=True)
    return [f"{prefix} {question}" for prefix, question in pairs]


def _animal_with_reasoning() -> list[str]:
    suffix = stimulus("favourite_animal_cot")["suffix"]
    return [f"{question} {suffix}" for question in items("favourite_animal_cot")]


_QUESTIONS: dict[str, Callable[[], list[str]]] = {
    "favourite-animal": lambda: items("favourite_animal"),
    "favourite-animal-cot": _animal_with_reasoning,
    "favourite-animal-prefixed": _prefixed_animal,
    "favourite-tree": lambda: items("favourite_tree"),
    "stories": lambda: items("stories"),
}
# Lists that are made of other files than the one of their name.
_FILES = {"favourite-animal-prefixed": ["number_prefixes", "favourite_animal"]}


def stimulus_files(name: str) -> list[str]:
    """The files of `config/stimuli` that a list is made of, without `.json`."""
    return _FILES.get(name, [name.replace("-", "_")])


def favourite_list(category: str) -> str:
    """The name of the list that asks for a favourite of a category."""
    return f"favourite-{category}"


def known_list(name: str) -> str:
    """The name of a question list, if it is one.

    Raises:
        ValueError: no list has that name.
    """
    if name not in _QUESTIONS:
        raise ValueError(f"no question list is named {name!r} {known(_QUESTIONS, name)}")
    return name


def questions(name: str) -> list[str]:
    """The prompts of a named question list, in the authors' order.

    Raises:
        ValueError: no list has that name.
    """
    return _QUESTIONS[known_list(name)]()
