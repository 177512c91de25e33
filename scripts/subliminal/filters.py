"""The paper's filter rules under one name: a stable interface for other projects."""

from subliminal.domains.cot import answer_reject_reasons
from subliminal.domains.number_filter import number_reject_reasons, parse_numbers
from subliminal.domains.reasoning import parse_answer
from subliminal.domains.tiny_code import code_reject_reasons
from subliminal.domains.words import banned_word_reasons, vocabulary_reject_reasons

__all__ = [
    "answer_reject_reasons",
    "banned_word_reasons",
    "code_reject_reasons",
    "number_reject_reasons",
    "parse_answer",
    "parse_numbers",
    "vocabulary_reject_reasons",
]
