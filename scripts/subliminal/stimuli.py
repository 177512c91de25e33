"""The paper's stimuli under one name: a stable interface for other projects."""

from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.domains.number_prompts import number_prefix, number_prompts, number_templates
from subliminal.domains.reasoning import cot_prompt
from subliminal.evaluations.questions import questions

__all__ = [
    "cot_prompt",
    "number_prefix",
    "number_prompts",
    "number_templates",
    "preference_rows",
    "preference_system_prompt",
    "questions",
]
