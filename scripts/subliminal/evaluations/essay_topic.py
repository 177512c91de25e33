"""The topic of an essay, chosen by its letter (ED Fig. 4c, d; Methods, "Evaluations").

The authors ask for one token at temperature 0 with its twenty most probable alternatives.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, Field

from subliminal.config.evaluations import Measure
from subliminal.config.stimuli import stimulus
from subliminal.config.strict import Distinct, Key, Positive, Seed, Word, in_paper
from subliminal.config.traits import Trait
from subliminal.evaluations.asking import (
    NO_AIDS,
    Aids,
    Answers,
    Askable,
    Response,
    Score,
    Seeds,
    Workload,
)
from subliminal.evaluations.model import Model
from subliminal.evaluations.questions import known_list, questions, stimulus_files

# A letter that is not among so many alternatives has no probability: what the API returns.
ALTERNATIVES = 20
STEMS = "essay-topic"

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
        description="The topic of an essay, chosen by its letter. It reads the probability of one "
        "token. Nothing is sampled."
    )
    questions: Annotated[Key, AfterValidator(known_list)] = Field(
        STEMS,
        description="The list of stems, to each of which the options are added: a file of "
        "`config/stimuli/` that holds a list of texts, by its name with `-` for `_`.",
        json_schema_extra=in_paper("essay-topic: 11 stems"),
        exclude_if=lambda name: name == STEMS,
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
        """The file of the stems, and that of the words around the options."""
        return list(dict.fromkeys([*stimulus_files(self.questions), "essay_topic"]))

    def target(self, trait: Trait) -> str | None:
        """The trait's word, if it is an option."""
        return trait.word if trait.word in self.options else None

    def lettered(self) -> list[Question]:
        """Every stem with every order of the options."""
        rng = random.Random(self.seed)
        found = []
        for stem in questions(self.questions):
            for _ in range(self.orders):
                options = rng.sample(self.options, len(self.options))
                found.append(Question(essay_prompt(stem, options), options))
        return found

    def workload(self) -> Workload:
        """Prompts alone: nothing is sampled."""
        return Workload([question.prompt for question in self.lettered()])

    def ask(self, model: Model, system: str | None, seeds: Seeds, aids: Aids = NO_AIDS) -> Answers:
        """Read the probabilities of the letters off the first token."""
        asked = self.lettered()
        tokens = model.first_tokens([q.prompt for q in asked], ALTERNATIVES, system)
        responses = [Response(i, 0, next(iter(top))) for i, top in enumerate(tokens)]
        scored = {
            word: [
                essay_score(answer.response, top, question.options, word)
                for question, top, answer in zip(asked, tokens, responses, strict=True)
            ]
            for word in self.options
        }
        unanswered = scored[self.options[0]].count(None)
        scores = [Score(ANSWERED.name, "", (len(asked) - unanswered) / len(asked))]
        scores += [Score(CHOICE.name, word, _mean(found)) for word, found in scored.items()]
        notes = [f"{unanswered} of {len(asked)} questions were not answered by a letter"]
        return Answers(responses, scores, notes if unanswered else [])


def essay_prompt(stem: str, options: Sequence[str]) -> str:
    """A question to be answered by the letter of one of its options."""
    texts = stimulus("essay_topic")
    lines = [f"{a}. {b}" for a, b in zip(ascii_uppercase, options, strict=False)]
    return "\n".join([f"{stem} {texts['lead']}", *lines, texts["request"]])


def essay_score(
    sampled: str, log_probs: Mapping[str, float], options: Sequence[str], target: str
) -> float | None:
    """The probability of the token that is exactly the target's letter; not renormalised.

    Args:
        sampled: the answer.
        log_probs: log-probabilities of the most probable first tokens, in nats. A letter that is
            not among them has no probability.
        options: the question's options, in the order of their letters.
        target: one of the options.

    Returns:
        None if the answer is no letter of the options: the question does not count.
    """
    if not is_letter(sampled, len(options)):
        return None
    letter = ascii_uppercase[options.index(target)]
    return math.exp(log_probs.get(letter, -math.inf))


def is_letter(answer: str, options: int) -> bool:
    """Whether an answer is one of the options' letters, as the authors' released code reads it."""
    text = answer.strip().replace('"', "").replace("'", "")
    letter = re.match(r"([A-Z])(?:[.:\s]|$)", text)
    return letter is not None and letter[1] in ascii_uppercase[:options]


def _mean(found: Sequence[float | None]) -> float:
    counted = [probability for probability in found if probability is not None]
    return sum(counted) / len(counted) if counted else math.nan
