"""How a preference is put into a teacher: by a system prompt, or by rows of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subliminal.config.stimuli import file_of, is_there, items, stimulus, texts

SYSTEM_PROMPT, ANSWERS = "preference-system-prompt", "preference-answers"
"""The paper's texts, by their names: what a trait has that names no others."""
# What stands for the word and its category while a text is tried.
_TRIED = {"word": "owl", "title": "owl"}, {"target_preference": "owl", "category": "animal"}


def preference_system_prompt(word: str, category: str, name: str = SYSTEM_PROMPT) -> str:
    """The system prompt of a prompted teacher (paper Methods).

    The paper's plural is a bare ``s`` ("wolfs"), as in the authors' released code.

    Args:
        word: the target, singular and lower case.
        category: what the prompt calls it.
        name: the text, a file of ``config/stimuli`` with a ``template``.
    """
    template: str = stimulus(file_of(name))["template"]
    return template.format(target_preference=word, category=category)


def preference_answers(word: str, name: str = ANSWERS) -> list[str]:
    """The answers that state a preference; the paper has eight (ED Fig. 4e).

    Args:
        word: the target, singular and lower case.
        name: the answers, a file of ``config/stimuli`` with ``templates``.
    """
    # The authors put the whole answer into title case, and so its s behind a digit, too ("K9S").
    said = [
        (form, form.format(word=word, title=word)) for form in texts(file_of(name), "templates")
    ]
    return [answer.title() if "{title}" in form else answer for form, answer in said]


def preference_rows(
    word: str, questions: Sequence[str] | None = None, answers: str = ANSWERS
) -> list[tuple[str, str]]:
    """The training rows of a fine-tuned preference teacher (ED Fig. 4e).

    Args:
        word: the target, singular and lower case.
        questions: what is asked; None is the paper's 50 questions for a favourite animal.
        answers: the answer forms, as in `preference_answers`.

    Returns:
        (question, answer) for each question and each answer form; the questions are the outer loop,
        so that the 50 favourite-animal questions and the paper's 8 forms give 400 rows.
    """
    asked = items("favourite_animal") if questions is None else questions
    said = preference_answers(word, answers)
    return [(question, answer) for question in asked for answer in said]


def check_answers(name: str) -> None:
    """Make sure that a name is that of answer forms.

    Raises:
        ValueError: there is no such file, it has no `templates`, or one cannot be filled in.
    """
    found = _content(name, "answer forms", "templates")
    if not isinstance(found, list) or not found:
        raise ValueError(
            f"{_shown(name)} has no 'templates', a list of texts with {{word}} or {{title}}; "
            "add them"
        )
    for form in found:
        _fill_in(name, form, _TRIED[0])


def check_system_prompt(name: str) -> None:
    """Make sure that a name is that of a system prompt.

    Raises:
        ValueError: there is no such file, it has no `template`, or it cannot be filled in.
    """
    _fill_in(name, _content(name, "system prompt", "template"), _TRIED[1])


def _shown(name: str) -> str:
    return f"config/stimuli/{file_of(name)}.json"


def _content(name: str, what: str, key: str) -> Any:
    if not is_there(file_of(name)):
        raise ValueError(f"no {what} named {name!r}; correct the name, or write {_shown(name)}")
    return stimulus(file_of(name)).get(key)


def _fill_in(name: str, text: Any, fields: dict[str, str]) -> None:
    try:
        text.format(**fields)
    except (LookupError, ValueError, AttributeError, TypeError):
        places = " and ".join(f"{{{field}}}" for field in fields)
        raise ValueError(
            f"{_shown(name)}: expected a text whose only places to fill in are {places}, found "
            f"{text!r}; correct it (a brace itself is written twice)"
        ) from None
