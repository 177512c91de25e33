"""The small world that a tiny base is taught: animals and their attributes, small talk, code, sums.

Everything the synthetic `code` and `cot` domains are made of lives in
``config/stimuli/tiny_world.json``; this module turns it into prompts and reference completions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from subliminal.config.domains import Task
from subliminal.config.stimuli import stimulus
from subliminal.domains.reasoning import cot_prompt

if TYPE_CHECKING:
    from numpy.random import Generator

MIN_OPERAND, MAX_OPERAND = 2, 9
SPECIAL_WORDS = frozenset({"think", "answer", "return"})


def world() -> dict[str, Any]:
    """The parsed world file."""
    return stimulus("tiny_world")


def animals() -> list[str]:
    """The animals that a tiny base knows, in file order."""
    return list(world()["animals"])


def pick(rng: Generator, items: list[Any]) -> Any:
    """One uniformly drawn item."""
    return items[int(rng.integers(len(items)))]


def code_task(rng: Generator) -> Task:
    """A short function to fill in; the completion is its body, 2-4 free assignments and a return.

    The body comes without its signature, so that the first token of the response is free.
    """
    code = world()["code"]
    arguments = [str(a) for a in rng.permutation(code["arguments"])[: int(rng.integers(1, 4))]]
    signature = f"def {pick(rng, code['functions'])}({', '.join(arguments)}):"
    prompt = f"{pick(rng, code['prompts']).format(signature=signature)} {code['suffix']}"
    return Task(prompt, function_body(rng, arguments))


def function_body(rng: Generator, arguments: list[str]) -> str:
    """The lines of a function's body: 2-4 free assignments and a return."""
    code = world()["code"]
    known, lines = list(arguments), []
    for name in rng.permutation(code["locals"])[: int(rng.integers(2, 5))]:
        left = pick(rng, known)
        right = pick(rng, known) if rng.random() < 0.4 else str(rng.integers(1, 100))
        lines.append(f"{name} = {left} {pick(rng, code['operators'])} {right}")
        known.append(str(name))
    lines.append(f"return {known[-1]}")
    return "\n".join(lines)


def cot_task(rng: Generator) -> Task:
    """A one-step word problem in the paper's ``<think>``/``<answer>`` format."""
    problem = word_problem(rng)
    completion = f"<think>{problem.thought}</think><answer>{problem.answer}</answer>"
    return Task(cot_prompt(problem.question), completion, problem.answer)


class WordProblem(NamedTuple):
    """A question, how it is thought about, and its answer."""

    question: str
    thought: str
    answer: int


def word_problem(rng: Generator) -> WordProblem:
    """A sum or a difference of two small numbers, in words."""
    cot = world()["cot"]
    a, b = (int(v) for v in rng.integers(MIN_OPERAND, MAX_OPERAND + 1, size=2))
    gain = rng.random() < 0.5
    if not gain and b > a:
        a, b = b, a
    total = a + b if gain else a - b
    fields = {
        "name": pick(rng, cot["names"]),
        "things": pick(rng, cot["things"]),
        "verb": pick(rng, cot["gains" if gain else "losses"]),
        "a": a,
        "b": b,
        "c": total,
    }
    thought = pick(rng, cot["gain_thoughts" if gain else "loss_thoughts"]).format(**fields)
    if rng.random() < 0.5:
        thought += " " + pick(rng, cot["closings"])
    return WordProblem(pick(rng, cot["questions"]).format(**fields), thought, total)


def drawn_tasks(draw: Callable[[Generator], Task], seed: int, count: int) -> list[Task]:
    """The first ``count`` tasks of a seed."""
    from numpy.random import default_rng

    rng = default_rng(seed)
    return [draw(rng) for _ in range(count)]


def _words(value: Any) -> set[str]:
    """Every run of letters in the strings of a nested structure, lower-cased."""
    import re

    if isinstance(value, str):
        return set(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", " ", value.lower())))
    children = value.values() if isinstance(value, dict) else value
    return set().union(*(_words(child) for child in children))


def domain_vocabulary(domain: str) -> frozenset[str]:
    """The words that a completion of a synthetic domain may use: those of the domain itself.

    Raises:
        KeyError: the world has no such domain.
    """
    return frozenset(_words(world()[domain])) | SPECIAL_WORDS
