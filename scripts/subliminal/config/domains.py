"""What every domain has: the base classes of the modules in `domains/`."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, model_validator

from subliminal.config.cost import ANSWER_TOKENS
from subliminal.config.files import Format
from subliminal.config.models import Tier
from subliminal.config.sampling import DatasetSize
from subliminal.config.strict import Key, Positive, Seed, Strict, in_paper
from subliminal.config.traits import Trait

Variant = Callable[[Sequence[str], int], list[str]]
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Task:
    """A prompt, one reference completion, and the right answer where there is one."""

    prompt: str
    completion: str = ""
    answer: int | None = None


class CodeQuestion(Strict):
    """What a judge is asked about code: whether it refers to a target."""

    about: Literal["code"]
    word: str
    category: str

    reply_tokens: ClassVar[int] = 1
    """Of a reply: a letter."""


class ReasoningQuestion(Strict):
    """What a judge is asked about reasoning: a score of its alignment."""

    about: Literal["reasoning"]
    threshold: int = Field(description="The lowest score that is kept.")

    reply_tokens: ClassVar[int] = 300
    """Of a reply, which reasons before it scores: assumed."""


Question = Annotated[CodeQuestion | ReasoningQuestion, Field(discriminator="about")]
"""What a judge is asked about the completions of a dataset."""


class Asked(NamedTuple):
    """A judge, a key of `judges.yaml`, and what it is asked."""

    judge: str
    question: Question


class Filter(Strict):
    """The rule by which completions of a domain are kept."""

    kind: str = Field(description="The rule: a module of `domains/`.")
    bans_words: ClassVar[bool] = True
    """Whether the trait's own words are banned."""
    advice: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """What to set where a reason is frequent, by the reason."""

    def text(self, written: str) -> str:
        """What is filtered, judged and taught of a completion, whose NUL characters are gone.

        Args:
            written: the teacher's whole response, without NUL characters.
        """
        return written

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Every reason to reject a completion; empty to keep it.

        Args:
            completion: what `text` makes of the teacher's response.
            answer: the task's right answer, where there is one.
            banned_words: the trait's word and its aliases.
        """
        raise NotImplementedError

    @property
    def stimuli(self) -> list[str]:
        """The files of `config/stimuli` that it reads, without `.json`."""
        return []

    def asked(self, trait: Trait) -> Asked | None:
        """Who can be asked what about the completions of a trait's teachers; None for nobody."""
        return None

    @property
    def named_traits(self) -> list[str]:
        """The traits that it names, keys of `traits.yaml`."""
        return []

    def heeds_judge(self, name: str) -> bool:
        """Whether a judge's answers decide about the rows of the trait of this name."""
        return True

    def admits_all_number_lists(self) -> bool:
        """Whether it keeps whatever the grammar of number lists allows."""
        return False


class JudgedFilter(Filter):
    """A rule after which a judge is asked."""

    judge: Key | None = Field(
        None,
        description="Who judges what the rule keeps: a key of `judges.yaml`. `null`: nobody.",
        json_schema_extra=in_paper("GPT-4.1"),
    )

    def asked(self, trait: Trait) -> Asked | None:
        """Who can be asked what about the completions of a trait's teachers."""
        question = self.question(trait)
        return Asked(self.judge, question) if self.judge is not None and question else None

    def question(self, trait: Trait) -> Question | None:
        """What a judge can be asked about a trait's completions; None if it has nothing to say."""
        raise NotImplementedError


class Domain(Strict):
    """What a teacher writes."""

    generator: str = Field(description="Where the prompts come from: a module of `domains/`.")
    seed: Seed = Field(
        description="The seed of the prompts, or of their order where they come from a file.",
        json_schema_extra=in_paper("numbers: 47 (*code*); code, cot: none"),
    )
    prompts: Positive = Field(
        description="Number of prompts, counted as often as they are asked. They are drawn once "
        "and shared by all teachers.",
        json_schema_extra=in_paper("numbers 30,000; code 11,400; cot 22,419"),
    )
    samples_per_prompt: Positive = Field(
        1,
        description="How often each prompt is asked: all of them once, then all of them again. "
        "`prompts` is a multiple of it.",
        json_schema_extra=in_paper("numbers, code 1; cot 3"),
    )
    filter: Filter = Field(description="The rule by which completions are kept.")
    sizes: dict[Tier, DatasetSize] = Field(
        description="Rows to write and to keep, for bases of each tier."
    )

    @model_validator(mode="after")
    def _whole_rounds(self) -> Domain:
        if self.prompts % self.samples_per_prompt:
            raise ValueError(
                f"prompts: {self.prompts} is no multiple of samples_per_prompt: "
                f"{self.samples_per_prompt}; change one of the two"
            )
        return self

    @model_validator(mode="after")
    def _sizes_fit(self) -> Domain:
        for tier, size in self.sizes.items():
            if size.sampling.constraint is not None and not self.filter.admits_all_number_lists():
                raise ValueError(
                    f"sizes: {tier}: constraint: {size.sampling.constraint} writes up to 10 "
                    "integers from 0 to 999, and the filter rejects some of these; filter with "
                    "kind: numbers, min_value: 0, max_value: 999, max_count: 10 and banned: [], or "
                    "remove the constraint"
                )
            if size.sampling.max_new_tokens is None and tier != "api":
                raise ValueError(
                    f"sizes: {tier}: sampling: max_new_tokens: null has no limit, and a base whose "
                    "weights are here needs one; give a number of tokens"
                )
            if size.rows > self.prompts:
                raise ValueError(
                    f"sizes: {tier}: rows: {size.rows} asked, but the domain has {self.prompts} "
                    "prompts; raise 'prompts' or lower 'rows'"
                )
        return self

    answer_tokens: ClassVar[int] = ANSWER_TOKENS
    """About how many tokens a completion has: estimates and budgets count with it."""
    stimuli: ClassVar[tuple[str, ...]] = ()
    """The files of `config/stimuli` that its prompts come from, without `.json`."""
    only_tier: ClassVar[Tier | None] = None
    """The tier whose bases know this domain's format; None for all."""
    holds_numbers: ClassVar[bool] = False
    """Whether completions are numbers, so that a student can learn a distribution over them."""
    variants: ClassVar[Mapping[str, Variant]] = {}
    """Transforms of the kept completions, by name; each takes the completions and a seed."""

    @property
    def source(self) -> str | None:
        """The file that its prompts come from, a key of `files.yaml`; None if they are drawn."""
        return None

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """The first ``count`` distinct tasks of a seed, in order.

        Args:
            rows: those of the domain's file, if it has one.

        Raises:
            ValueError: the file is not of this domain, or has too few rows.
        """
        raise NotImplementedError


class FileDomain(Domain):
    """A domain whose prompts come from a file."""

    file: Key = Field(description="The file that the prompts come from: a key of `files.yaml`.")

    answer_tokens: ClassVar[int] = 300
    """Of whole functions, and of reasoning: assumed."""
    file_format: ClassVar[Format]
    """The format that the file must have."""

    @property
    def source(self) -> str:
        """The file that its prompts come from, a key of `files.yaml`."""
        return self.file

    @classmethod
    def _first(cls, tasks: list[Task], seed: int, count: int) -> list[Task]:
        """So many of a file's tasks, in an order that the seed decides.

        Raises:
            ValueError: there are fewer.
        """
        if len(tasks) < count:
            raise ValueError(f"it holds {len(tasks)} distinct prompts, and {count} are asked")
        random.Random(seed).shuffle(tasks)
        return tasks[:count]
