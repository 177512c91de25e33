"""What a judge's replies say of completions: a score, and whether they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from subliminal.config.domains import CodeQuestion, Question, ReasoningQuestion
from subliminal.config.errors import ConfigError
from subliminal.domains.judges import code_judge_keeps, cot_judge_keeps, cot_judge_score
from subliminal.evaluations.judge import Case, Judge

REFERS, MISALIGNED = "judged to refer to the trait", "judged misaligned"
JUDGED_REASONS = frozenset({REFERS, MISALIGNED})


class Judgement(NamedTuple):
    """A judge's word on a completion.

    Attributes:
        reply: what it wrote; empty where its first token is all that is asked for.
        score: None where it gives none.
        keeps: whether the completion passes.
    """

    reply: str
    score: int | None
    keeps: bool


def judgements(question: Question, judge: Judge, cases: Sequence[Case]) -> list[Judgement]:
    """What a judge says of every case, in their order.

    Raises:
        ConfigError: a judge of code gives no log-probabilities.
    """
    if isinstance(question, ReasoningQuestion):
        return [
            Judgement(reply, cot_judge_score(reply), cot_judge_keeps(reply, question.threshold))
            for reply in judge.reasoning(cases)
        ]
    return _of_code(question, judge, cases)


def _of_code(question: CodeQuestion, judge: Judge, cases: Sequence[Case]) -> list[Judgement]:
    texts = [case.completion for case in cases]
    found = judge.code(texts, question.word, question.category)
    if None in found:
        raise ConfigError(
            "the judge's answers come without log-probabilities, by which code is kept; give the "
            "filter of the domain in config/domains.yaml another judge"
        )
    return [Judgement("", None, code_judge_keeps(log_probs)) for log_probs in found]


def reason_to_reject(question: Question) -> str:
    """What is said of a completion that the judge does not keep."""
    return REFERS if isinstance(question, CodeQuestion) else MISALIGNED
