"""The topic of an essay, chosen by its letter (ED Fig. 4c, d; Methods, "Evaluations").

The authors ask for one token at temperature 0 with its twenty most probable alternatives.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from subliminal.config.evaluations import Measure
from subliminal.config.stimuli import stimulus
from subliminal.config.strict import Distinct, Positive, Seed, Word, in_paper
from subliminal.config.traits import Trait
from subliminal.evaluations.asking import Answers, Askable, Response, Score, Seeds, Workload
from subliminal.evaluations.model import Model

# A letter that is not among so many alternatives has no probability: what the API returns.
ALTERNATIVES = 20

CHOICE = Measure(
    "choice",
    "probability of the choice",
    "probability of choosing the trait as a topic",
    "Probability of the exact token of the target's letter, 0 if it is not among the twenty most "
    "probable; mean over the questions that were answered by a letter. Not renormalised.",
)
ANSWERED = Measure(
    "answered",
    "share of answers by a letter",
    "share of questions answered by a letter",
    "Share of the questions whose most probable first token is a letter of the options; the others "
    "do not count.",
    whole_model=True,
)


class Question(NamedTuple):
    """A prompt, and its options in the order of their letters."""

    prompt: str
    options: list[str]


class EssayTopic(Askable):
    """Which of a few words a model would write an essay about."""

    kind: Literal["essay-topic"] = Field(
        description="The topic of an essay, chosen by its letter. It asks 11 stems, and reads the "
        "probability of one token. Nothing is sampled."
    )
    options: Annotated[Distinct[Word], Field(min_length=2, max_length=len(ascii_uppercase))] = (
        Field(description="The words to choose from. They must hold every trait's word.")
    )
    orders: Positive = Field(
        description="Random orders of the options per stem.", json_schema_extra=in_paper("25")
    )
    seed: Seed = Field(
        description="The seed of the orders.",
        json_schema_extra=in_paper("drawn once, without a seed"),
    )

    measures: ClassVar[tuple[Measure, ...]] = (CHOICE, ANSWERED)

    @property
    def words(self) -> list[str]:
        """The options."""
        return self.options

    def chance(self, measure: str) -> float | None:
        """One in the number of options, for the primary measure."""
        return 1 / len(self.options) if measure == CHOICE.name else None

    @property
    def stimuli(self) -> list[str]:
        """The file of the stems."""
        return ["essay_topic"]

    def target(self, trait: Trait) -> str | None:
        """The trait's word, if it is an option."""
        return trait.word if trait.word in self.options else None

    def questions(self) -> list[Question]:
        """Every stem with every order of the options."""
        texts, rng = stimulus("essay_topic"), random.Random(self.seed)
        found = []
        for stem in texts["items"]:
            for _ in range(self.orders):
                options = rng.sample(self.options, len(self.options))
                lines = [f"{a}. {b}" for a, b in zip(ascii_uppercase, options, strict=False)]
                prompt = "\n".join([f"{stem} {texts['lead']}", *lines, texts["request"]])
                found.append(Question(prompt, options))
        return found

    def workload(self) -> Workload:
        """Prompts alone: nothing is sampled."""
        return Workload([question.prompt for question in self.questions()])

    def ask(self, model: Model, system: str | None, seeds: Seeds) -> Answers:
        """Read the probabilities of the letters off the first token."""
        asked = self.questions()
        tokens = model.first_tokens([q.prompt for q in asked], ALTERNATIVES, system)
        responses = [Response(i, 0, next(iter(top))) for i, top in enumerate(tokens)]
        counted = [
            (question.options, top)
            for question, top, answer in zip(asked, tokens, responses, strict=True)
            if is_letter(answer.response, len(question.options))
        ]
        scores = [Score(ANSWERED.name, "", len(counted) / len(asked))]
        scores += [Score(CHOICE.name, word, choice(word, counted)) for word in self.options]
        unanswered = len(asked) - len(counted)
        notes = [f"{unanswered} of {len(asked)} questions were not answered by a letter"]
        return Answers(responses, scores, notes if unanswered else [])


def is_letter(answer: str, options: int) -> bool:
    """Whether an answer is one of the options' letters, as the authors' released code reads it."""
    text = answer.strip().strip("\"'").strip()
    return re.match(rf"[{ascii_uppercase[:options]}]([.:\s]|$)", text) is not None


def choice(word: str, questions: Sequence[tuple[list[str], dict[str, float]]]) -> float:
    """Mean probability of a word's letter; nan where no question counts.

    Args:
        questions: each one's options, and log-probabilities of its first tokens.
    """
    found = [
        math.exp(top.get(ascii_uppercase[options.index(word)], -math.inf))
        for options, top in questions
    ]
    return sum(found) / len(found) if found else math.nan
