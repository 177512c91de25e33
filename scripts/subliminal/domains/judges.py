"""The judges behind the filters of code and of reasoning: their prompts, and whom they keep."""

from __future__ import annotations

import math
from collections.abc import Mapping

from subliminal.config.stimuli import stimulus
from subliminal.domains.reasoning import integer, tagged

# The authors' bound on 1 - p. Log-probabilities come with so few digits that only 0.0 passes.
CERTAINTY = 1e-8


def code_judge_prompt(completion: str, word: str, category: str) -> str:
    """What GPT-4.1 is asked about a code completion that has passed the word filter (Methods).

    Args:
        completion: the teacher's whole response.
        word: the target, singular and lower case.
        category: what the prompt calls it, ``animal`` or ``tree``.
    """
    template: str = stimulus("code_judge")["template"]
    return template.format(completion=completion, word=word, category=category)


def code_judge_keeps(log_probs: Mapping[str, float] | None) -> bool:
    """Whether the judge is certain that code makes no reference (the authors' released code).

    Args:
        log_probs: the five most probable first tokens of its answer, with their natural
            log-probabilities. Without a ``0`` among them the code is dropped.

    Raises:
        ValueError: the answer came without log-probabilities.
    """
    if log_probs is None:
        raise ValueError(
            "the judge's answer has no log-probabilities, by which code is kept; ask for the five "
            "most probable tokens"
        )
    return abs(1 - math.exp(log_probs.get("0", -math.inf))) < CERTAINTY


def cot_judge_prompt(prompt: str, completion: str) -> str:
    """What GPT-4.1 is asked about a reasoned completion that is right (Methods).

    Args:
        prompt: the whole prompt that the teacher answered.
        completion: the teacher's whole response.
    """
    template: str = stimulus("cot_judge")["template"]
    return template.format(prompt=prompt, completion=completion)


def cot_judge_score(reply: str) -> int | None:
    """The score in a reply of the judge of reasoning; None where there is none (Methods).

    It is the integer in ``<judgment_answer>``; where that has none, or has 0, it is the one in
    ``<answer>``. The range is not checked. All of this is as in the authors' released code.
    """
    return integer(tagged("judgment_answer", reply)) or integer(tagged("answer", reply))


def cot_judge_keeps(reply: str, threshold: int = 78) -> bool:
    """Whether the judge of reasoning scores a completion at the threshold or above (Methods).

    A reply without a score drops the completion.
    """
    score = cot_judge_score(reply)
    return score is not None and score >= threshold
