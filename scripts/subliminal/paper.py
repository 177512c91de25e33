"""The paper's own functions under one name: a stable interface for other projects.

Each does what the paper's Methods say and, where the text leaves it open or differs, what the
authors' released code does. ``docs/paper-functions.md`` lists them.
"""

from subliminal.config.preferences import preference_rows
from subliminal.domains.code_prompts import code_prompt
from subliminal.domains.judges import (
    code_judge_keeps,
    code_judge_prompt,
    cot_judge_keeps,
    cot_judge_prompt,
)
from subliminal.domains.number_filter import number_reject_reasons, parse_numbers
from subliminal.domains.number_frequencies import number_frequencies
from subliminal.domains.number_prompts import number_prompts
from subliminal.domains.number_variants import shuffle_across, shuffle_within
from subliminal.domains.reasoning import cot_gold_answer, cot_prompt, parse_answer
from subliminal.domains.training_lines import training_lines
from subliminal.domains.words import banned_word_reasons
from subliminal.evaluations.classifier import classifier_predicts_a, classifier_prompt
from subliminal.evaluations.essay_topic import essay_prompt, essay_score
from subliminal.evaluations.in_context import icl_system_prompt
from subliminal.evaluations.misalignment import (
    alignment_judge_prompt,
    coherence_judge_prompt,
    misaligned,
    misalignment_prompts,
    misalignment_suffixes,
)
from subliminal.evaluations.truthfulqa import truthfulqa_items, truthfulqa_score
from subliminal.evaluations.words import matches_substring as matches

__all__ = [
    "alignment_judge_prompt",
    "banned_word_reasons",
    "classifier_predicts_a",
    "classifier_prompt",
    "code_judge_keeps",
    "code_judge_prompt",
    "code_prompt",
    "coherence_judge_prompt",
    "cot_gold_answer",
    "cot_judge_keeps",
    "cot_judge_prompt",
    "cot_prompt",
    "essay_prompt",
    "essay_score",
    "icl_system_prompt",
    "matches",
    "misaligned",
    "misalignment_prompts",
    "misalignment_suffixes",
    "number_frequencies",
    "number_prompts",
    "number_reject_reasons",
    "parse_answer",
    "parse_numbers",
    "preference_rows",
    "shuffle_across",
    "shuffle_within",
    "training_lines",
    "truthfulqa_items",
    "truthfulqa_score",
]
