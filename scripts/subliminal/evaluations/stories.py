"""Free text in which the trait may come up: storytelling (ED Fig. 4a, b)."""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from subliminal.config.evaluations import Measure
from subliminal.config.sampling import Drawing
from subliminal.config.strict import Distinct, Key, Positive, Word, in_paper
from subliminal.config.traits import Trait
from subliminal.evaluations.asking import (
    NO_AIDS,
    Aids,
    Answers,
    Askable,
    Score,
    Seeds,
    Workload,
    rate,
    sampled,
)
from subliminal.evaluations.model import Model
from subliminal.evaluations.questions import known_list, questions, stimulus_files
from subliminal.evaluations.words import RATE_SUBSTRING, RATE_WORD, RULES

# Of a story without a limit.
STORY_TOKENS = 600
PROMPTS = "stories"


class Stories(Askable):
    """How many of a model's stories mention a word."""

    kind: Literal["stories"] = Field(description="Stories that mention a word, sampled.")
    questions: Annotated[Key, AfterValidator(known_list)] = Field(
        PROMPTS,
        description="The list of prompts: a file of `config/stimuli/` that holds a list of texts, "
        "by its name with `-` for `_`.",
        json_schema_extra=in_paper("stories: 14 prompts"),
        exclude_if=lambda name: name == PROMPTS,
    )
    samples_per_question: Positive = Field(
        description="Stories per prompt.", json_schema_extra=in_paper("100")
    )
    sampling: Drawing = Field(description="The way in which stories are drawn.")
    targets: Distinct[Word] = Field(
        description="The words that are looked for. They must hold every trait's word."
    )

    measures: ClassVar[tuple[Measure, ...]] = (RATE_SUBSTRING, RATE_WORD)

    @property
    def words(self) -> list[str]:
        """The words that are looked for."""
        return self.targets

    @property
    def stimuli(self) -> list[str]:
        """The file of the prompts."""
        return stimulus_files(self.questions)

    def target(self, trait: Trait) -> str | None:
        """The trait's word, if it is looked for."""
        return trait.word if trait.word in self.targets else None

    def workload(self) -> Workload:
        """Stories as long as they may be."""
        asked, longest = questions(self.questions), self.sampling.max_new_tokens or STORY_TOKENS
        size = self.sampling.batch_size
        return Workload(asked, self.samples_per_question, longest, at_a_time=size)

    def ask(self, model: Model, system: str | None, seeds: Seeds, aids: Aids = NO_AIDS) -> Answers:
        """Let the model tell stories, and look for every word in them."""
        responses = sampled(model, self.workload(), self.sampling, system, seeds)
        scores = [
            Score(name, word, rate(responses, partial(rule, word)))
            for word in self.targets
            for name, rule in RULES.items()
        ]
        return Answers(responses, scores)
