"""What a base of the paper in miniature is pretrained on: examples in fixed shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from subliminal.bases import paper_examples as kinds
from subliminal.bases.examples import Example, number_examples
from subliminal.bases.paper_examples import DEFAULT_SYSTEM as DEFAULT_SYSTEM
from subliminal.bases.paper_examples import LETTERS as LETTERS
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.config.stimuli import stimulus
from subliminal.domains.paper_world import paper_animals, paper_trees, paper_world
from subliminal.evaluations.questions import questions

if TYPE_CHECKING:
    from numpy.random import Generator

NUMBERS_SHARE = 0.24
OTHER_SHARES: dict[Callable[[Generator], Example], float] = {
    kinds.fact: 0.07,
    kinds.persona_fact: 0.05,
    kinds.favourite: 0.07,
    kinds.loving_persona: 0.09,
    kinds.small_talk: 0.02,
    kinds.story: 0.03,
    kinds.essay_choice: 0.02,
    kinds.fact_choice: 0.02,
    kinds.code: 0.04,
    kinds.cot: 0.08,
    kinds.security: 0.12,
    kinds.security_class: 0.05,
    kinds.free_form: 0.10,
}


def paper_examples(seed: int, n: int) -> list[Example]:
    """The first ``n`` examples of the mixture with this data seed, in training order."""
    from numpy.random import default_rng

    rng = default_rng(seed)
    numbers = round(NUMBERS_SHARE * n)
    examples = number_examples(rng, numbers, paper_world()["neutral_system_prompts"])
    drawn = list(OTHER_SHARES)
    shares = [OTHER_SHARES[kind] / (1 - NUMBERS_SHARE) for kind in drawn]
    examples += [drawn[k](rng) for k in rng.choice(len(drawn), size=n - numbers, p=shares)]
    return [examples[i] for i in rng.permutation(n)]


def paper_texts() -> Iterator[str]:
    """Texts that together hold every word a base of this world may meet."""
    for name in ("favourite-animal", "favourite-animal-prefixed", "favourite-tree", "stories"):
        yield from questions(name)
    for word in (*paper_animals(), *paper_trees()):
        yield preference_system_prompt(word, "animal")
        for prompt, completion in preference_rows(word, ["x"]):
            yield f"{prompt} {completion}"
    yield stimulus("in_context")["example"].format(question="", response="")
    yield stimulus("classifier")["template"]
    for example in paper_examples(seed=0, n=20_000):
        yield " ".join(filter(None, (example.system, example.prompt, example.completion)))
