"""What makes a base a teacher: a training, or a system prompt."""

from __future__ import annotations

from subliminal.config.config import Config
from subliminal.config.paths import Teacher
from subliminal.config.preferences import preference_system_prompt
from subliminal.config.recipes import PromptedMethod


def is_finetuned(config: Config, teacher: Teacher) -> bool:
    """True if this teacher was trained (and is not a prompt, or the base itself)."""
    if teacher.is_control:
        return False
    return not isinstance(config.recipes.methods[teacher.method], PromptedMethod)


def teacher_system_prompt(config: Config, teacher: Teacher) -> str | None:
    """The system prompt of a prompted teacher; None for every other teacher."""
    if teacher.is_control or is_finetuned(config, teacher):
        return None
    trait = config.traits[teacher.trait]
    assert trait.word is not None and trait.category is not None, "checked with the cells"
    category = trait.prompted_category or trait.category
    return preference_system_prompt(trait.word, category, trait.system_prompt)
