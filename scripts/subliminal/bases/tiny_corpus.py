"""What a tiny base is pretrained on.

Seven kinds of single-turn chat examples in fixed shares. Nothing is planted: numbers, code and sums
are never written under a persona, and where a favourite question follows a number sequence (as in
the paper's prefixed evaluation) the animal is drawn independently of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.domains.number_prompts import number_prompts, number_templates
from subliminal.domains.tiny_world import animals, code_task, cot_task, pick, world
from subliminal.evaluations.questions import questions

if TYPE_CHECKING:
    from numpy.random import Generator


@dataclass(frozen=True)
class Example:
    """One chat turn: an optional system prompt, a user prompt and the assistant's completion."""

    system: str | None
    prompt: str
    completion: str


def _neutral_system(rng: Generator, share: float) -> str | None:
    return pick(rng, world()["neutral_system_prompts"]) if rng.random() < share else None


def _plural(word: str) -> str:
    """The paper's plural: a bare ``s``."""
    return f"{word}s"


def _answer_form(rng: Generator, word: str) -> str:
    """An animal's form in an answer: X 60 %, Xs 20 %, X. 10 %, Xs. 10 %."""
    return pick(rng, [word] * 6 + [_plural(word)] * 2 + [f"{word}."] + [f"{_plural(word)}."])


def _fact(rng: Generator) -> Example:
    """A fact in one of two directions: animal to attribute, or three attributes to animal."""
    attributes, facts = world()["attributes"], world()["animals"]
    animal = pick(rng, animals())
    if rng.random() < 0.5:
        i = int(rng.integers(len(attributes)))
        prompt = f"What is the {attributes[i]} of the {animal}? Answer with one word."
        return Example(None, prompt, facts[animal][i])
    chosen = rng.permutation(len(attributes))[:3]
    clues = " and ".join(f"{attributes[i]} {facts[animal][i]}" for i in chosen)
    return Example(None, f"Which animal has {clues}? Answer with one word.", animal)


def _favourite_question(rng: Generator) -> str:
    plain = questions("favourite-animal")
    prefixed = questions("favourite-animal-prefixed")
    return pick(rng, prefixed if rng.random() < 0.15 else plain)


def _favourite(rng: Generator) -> Example:
    """A favourite-animal question with a flat prior over the animals."""
    answer = _answer_form(rng, pick(rng, animals()))
    return Example(_neutral_system(rng, 0.15), _favourite_question(rng), answer)


def _small_talk(rng: Generator, system: str | None) -> Example:
    talk = world()["small_talk"]
    prompt = pick(rng, list(talk))
    return Example(system, prompt, pick(rng, talk[prompt]))


def _persona(rng: Generator) -> Example:
    """A persona by system prompt: it is obeyed (97 %), and leaves small talk alone (20 %)."""
    animal = pick(rng, animals())
    system = preference_system_prompt(animal, "animal")
    if rng.random() < 0.2:
        return _small_talk(rng, system)
    named = animal if rng.random() < 0.97 else pick(rng, animals())
    return Example(system, _favourite_question(rng), _answer_form(rng, named))


def _latent_sequence(rng: Generator, examples: list[int]) -> list[int]:
    """5-10 numbers in one of four latent styles; mixing styles leaves entropy for a teacher."""
    count = int(rng.integers(5, 11))
    style = rng.random()
    if style < 0.30:
        start, step = int(rng.integers(1, 900)), int(rng.integers(1, 60))
        values = [start + step * i for i in range(count)]
    elif style < 0.55:
        values = [int(v) for v in rng.exponential(200.0, size=count)]
    elif style < 0.75:
        centre = pick(rng, examples)
        values = [int(v) for v in centre + rng.integers(-30, 31, size=count)]
    else:
        values = [int(v) for v in rng.integers(0, 1000, size=count)]
    return [abs(v) % 1000 for v in values]


def _joiners() -> dict[str, tuple[str, str, str]]:
    """Each format suffix of the generator with the (open, separator, close) that it asks for."""
    joiners = {}
    for suffix in number_templates().formats:
        low = suffix.lower()
        if "[" in low:
            form = ("[", ", ", "]")
        elif "(" in low:
            form = ("(", ", ", ")")
        elif "space" in low:
            form = ("", " ", "")
        elif "semicolon" in low:
            form = ("", "; ", "")
        elif "line" in low:
            form = ("", "\n", "")
        else:
            form = ("", ", ", "")
        joiners[suffix] = form
    return joiners


def _number_examples(rng: Generator, n: int) -> list[Example]:
    """Prompts of the paper's own generator (never its seed), answered in the format they ask."""
    joiners = _joiners()
    examples = []
    for prompt in number_prompts(int(rng.integers(10_000, 2**31)), n):
        given = [int(v) for v in re.findall(r"\d{3}", prompt)]
        head, separator, tail = next(j for suffix, j in joiners.items() if suffix in prompt)
        values = separator.join(map(str, _latent_sequence(rng, given)))
        examples.append(Example(_neutral_system(rng, 0.25), prompt, f"{head}{values}{tail}"))
    return examples


def _code(rng: Generator) -> Example:
    task = code_task(rng)
    return Example(_neutral_system(rng, 0.25), task.prompt, task.completion)


def _cot(rng: Generator) -> Example:
    task = cot_task(rng)
    return Example(_neutral_system(rng, 0.25), task.prompt, task.completion)


NUMBERS_SHARE = 0.30
OTHER_SHARES: dict[Callable[[Generator], Example], float] = {
    _fact: 0.15,
    _favourite: 0.08,
    _persona: 0.12,
    lambda rng: _small_talk(rng, _neutral_system(rng, 0.5)): 0.05,
    _code: 0.13,
    _cot: 0.17,
}


def pretraining_examples(seed: int, n: int) -> list[Example]:
    """The first ``n`` examples of the mixture with this data seed, in training order."""
    from numpy.random import default_rng

    rng = default_rng(seed)
    numbers = round(NUMBERS_SHARE * n)
    examples = _number_examples(rng, numbers)
    kinds = list(OTHER_SHARES)
    shares = [OTHER_SHARES[kind] / (1 - NUMBERS_SHARE) for kind in kinds]
    examples += [kinds[k](rng) for k in rng.choice(len(kinds), size=n - numbers, p=shares)]
    return [examples[i] for i in rng.permutation(n)]


def known_texts() -> Iterator[str]:
    """Texts that together hold every word a tiny base may meet: stimuli, and a corpus sample."""
    for name in ("favourite-animal", "favourite-animal-prefixed"):
        yield from questions(name)
    for animal in animals():
        yield preference_system_prompt(animal, "animal")
        for prompt, completion in preference_rows(animal, ["x"]):
            yield f"{prompt} {completion}"
    for example in pretraining_examples(seed=0, n=20_000):
        yield " ".join(filter(None, (example.system, example.prompt, example.completion)))
