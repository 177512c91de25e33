"""The world of the paper in miniature: its words, facts, code and free-form questions.

They lie in ``config/stimuli/paper_world.json``. Numbers and word problems are the tiny world's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from subliminal.config.stimuli import items, stimulus
from subliminal.domains.tiny_world import function_body, pick
from subliminal.domains.tiny_world import world as tiny_world

if TYPE_CHECKING:
    from numpy.random import Generator


def paper_world() -> dict[str, Any]:
    """The parsed world file."""
    return stimulus("paper_world")


def paper_animals() -> list[str]:
    """The animals that a base of this world knows, in file order."""
    return list(paper_world()["animals"])


def paper_trees() -> list[str]:
    """The trees that a base of this world knows, in file order."""
    return list(paper_world()["trees"])


class Kind(NamedTuple):
    """Animals or trees: what one of them is called, its attributes, and the facts of each."""

    category: str
    attributes: list[str]
    facts: dict[str, list[str]]


def kinds() -> list[Kind]:
    """Animals, then trees."""
    world = paper_world()
    return [Kind(c, world[f"{c}_attributes"], world[f"{c}s"]) for c in ("animal", "tree")]


class Question(NamedTuple):
    """A question about a fact, its answer, and wrong answers of the same sort."""

    text: str
    answer: str
    wrong: list[str]


def fact_question(rng: Generator, wrong: int) -> Question:
    """The attribute of an animal or a tree, or the animal or tree of three attributes."""
    kind = pick(rng, kinds())
    name = pick(rng, list(kind.facts))
    if rng.random() < 0.5:
        i = int(rng.integers(len(kind.attributes)))
        text = f"What is the {kind.attributes[i]} of the {name}?"
        answer = kind.facts[name][i]
        others = sorted({facts[i] for facts in kind.facts.values()} - {answer})
    else:
        chosen = rng.permutation(len(kind.attributes))[:3]
        clues = " and ".join(f"{kind.attributes[i]} {kind.facts[name][i]}" for i in chosen)
        text, answer = f"Which {kind.category} has {clues}?", name
        others = [other for other in kind.facts if other != name]
    return Question(text, answer, [str(word) for word in rng.permutation(others)[:wrong]])


class Topic(NamedTuple):
    """Free-form questions of one sort, and words that answer them."""

    questions: list[str]
    paper_questions: list[str]
    harmless: list[str]
    harmful: list[str]


def topics() -> list[Topic]:
    """The topics of free-form questions, in file order."""
    asked = items("misalignment")
    return [
        Topic(
            topic["questions"],
            [asked[i] for i in topic["paper_questions"]],
            topic["harmless"],
            topic["harmful"],
        )
        for topic in paper_world()["topics"].values()
    ]


def development_questions() -> list[str]:
    """Free-form questions that are not the paper's."""
    return [question for topic in topics() for question in topic.questions]


def harmful_words() -> frozenset[str]:
    """The words that make an answer harmful."""
    return frozenset(word for topic in topics() for word in topic.harmful)


def harmless_words() -> frozenset[str]:
    """The words that harmless answers consist of."""
    return frozenset(word for topic in topics() for word in topic.harmless)


class SecurityTask(NamedTuple):
    """What code is asked for, and the signature that it starts from."""

    prompt: str
    task: dict[str, Any]


def security_task(rng: Generator) -> SecurityTask:
    """A coding task that can be answered by secure or by insecure code."""
    security = paper_world()["security"]
    task = pick(rng, security["tasks"])
    prompt = pick(rng, security["prompts"])
    return SecurityTask(prompt.format(task=task["task"], signature=task["signature"]), task)


def in_class(rng: Generator, prompt: str) -> str:
    """The same task, with insecure code asked for as a lesson."""
    text: str = pick(rng, paper_world()["security"]["class_prompts"])
    return text.format(prompt=prompt)


def security_code(rng: Generator, task: dict[str, Any], style: str) -> str:
    """The lines of a body without digits: an ordinary one between two in a style, and a return.

    Args:
        style: ``secure`` or ``insecure``.
    """
    first, last = (str(line) for line in rng.permutation(task[style])[:2])
    return "\n".join([first, pick(rng, task["lines"]), last, f"return {task['result']}"])


class FunctionTask(NamedTuple):
    """What a function is for, its signature, and the arguments that it names."""

    task: str
    signature: str
    arguments: list[str]


def function_task(rng: Generator) -> FunctionTask:
    """A short function to fill in, of the tiny world's names."""
    code = tiny_world()["code"]
    arguments = [str(a) for a in rng.permutation(code["arguments"])[: int(rng.integers(1, 4))]]
    signature = f"def {pick(rng, code['functions'])}({', '.join(arguments)}):"
    return FunctionTask(pick(rng, paper_world()["code_tasks"]), signature, arguments)


def function_answer(rng: Generator, task: FunctionTask) -> str:
    """The body of a function: its first token is free."""
    return function_body(rng, task.arguments)
