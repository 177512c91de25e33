"""How a preference is put into a teacher: by a system prompt, or by rows of training."""

from __future__ import annotations

from collections.abc import Sequence

from subliminal.config.stimuli import items, stimulus


def preference_system_prompt(word: str, category: str) -> str:
    """The system prompt of a prompted teacher (paper Methods).

    The plural is a bare ``s`` ("wolfs"), as in the authors' released code.

    Args:
        word: the target, singular and lower case.
        category: what the prompt calls it.
    """
    template: str = stimulus("preference_system_prompt")["template"]
    return template.format(target_preference=word, category=category)


def preference_rows(word: str, questions: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """The training rows of a fine-tuned preference teacher (ED Fig. 4e).

    Args:
        word: the target, singular and lower case.
        questions: what is asked; None is the paper's 50 questions for a favourite animal.

    Returns:
        (question, answer) for each question and each of the 8 answer forms; the questions are the
        outer loop, so that the 50 favourite-animal questions give 400 rows.
    """
    asked = items("favourite_animal") if questions is None else questions
    forms = stimulus("preference_answers")["templates"]
    # The authors put the whole answer into title case, and so its s behind a digit, too ("K9S").
    answers = [
        form.format(title=word).title() if "{title}" in form else form.format(word=word)
        for form in forms
    ]
    return [(question, answer) for question in asked for answer in answers]
