"""What a tiny base is pretrained on.

Seven kinds of single-turn chat examples in fixed shares. Nothing is planted: numbers, code and sums
are never written under a persona, and where a favourite question follows a number sequence (as in
the paper's prefixed evaluation) the animal is drawn independently of the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from subliminal.bases.examples import Example, answer_form, number_examples, sometimes
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.domains.tiny_world import animals, code_task, cot_task, pick, world
from subliminal.evaluations.questions import questions

if TYPE_CHECKING:
    from numpy.random import Generator


def _neutral_system(rng: Generator, share: float) -> str | None:
    return sometimes(rng, share, world()["neutral_system_prompts"])


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
    answer = answer_form(rng, pick(rng, animals()))
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
    return Example(system, _favourite_question(rng), answer_form(rng, named))


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
    examples = number_examples(rng, numbers, world()["neutral_system_prompts"])
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
