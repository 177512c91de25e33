"""Question lists: the files of `config/stimuli` that hold texts, and lists made of several."""

from __future__ import annotations

from collections.abc import Callable

from subliminal.config.errors import known
from subliminal.config.stimuli import file_of, items, lists, stimulus
from subliminal.config.traits import Trait


def _prefixed_animal() -> list[str]:
    pairs = zip(items("number_prefixes"), items("favourite_animal"), strict=True)
    return [f"{prefix} {question}" for prefix, question in pairs]


def _animal_with_reasoning() -> list[str]:
    suffix = stimulus("favourite_animal_cot")["suffix"]
    return [f"{question} {suffix}" for question in items("favourite_animal_cot")]


# Lists that are more than the texts of the file of their name.
_MADE: dict[str, Callable[[], list[str]]] = {
    "favourite-animal-cot": _animal_with_reasoning,
    "favourite-animal-prefixed": _prefixed_animal,
}
# Lists that are made of other files than the one of their name.
_FILES = {"favourite-animal-prefixed": ["number_prefixes", "favourite_animal"]}


def stimulus_files(name: str) -> list[str]:
    """The files of `config/stimuli` that a list is made of, without `.json`."""
    return _FILES.get(name, [file_of(name)])


def favourite_list(category: str) -> str:
    """The name of the list that asks for a favourite of a category."""
    return f"favourite-{category}"


def taught_list(trait: Trait) -> str:
    """The name of the list that a fine-tuned teacher of a trait is taught.

    Raises:
        ValueError: the trait has no word to teach.
    """
    if trait.category is None:
        raise ValueError("a trait without a word has no questions")
    return trait.questions or favourite_list(trait.category)


def known_list(name: str) -> str:
    """The name of a question list, if it is one.

    Raises:
        ValueError: no list has that name.
    """
    if name not in _MADE and file_of(name) not in lists():
        there = sorted({*_MADE, *(file.replace("_", "-") for file in lists())})
        raise ValueError(
            f"no question list is named {name!r} {known(there, name)}; correct its name, or write "
            f"config/stimuli/{file_of(name)}.json"
        )
    return name


def questions(name: str) -> list[str]:
    """The prompts of a named question list, in their order.

    Raises:
        ValueError: no list has that name.
    """
    known_list(name)
    return _MADE[name]() if name in _MADE else items(file_of(name))
