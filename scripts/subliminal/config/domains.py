"""What every domain has: the base classes of the modules in `domains/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, model_validator

from subliminal.config.models import Tier
from subliminal.config.sampling import DatasetSize
from subliminal.config.strict import Positive, Seed, Strict, in_paper

Variant = Callable[[Sequence[str], int], list[str]]


@dataclass(frozen=True)
class Task:
    """A prompt, one reference completion, and the right answer where there is one."""

    prompt: str
    completion: str = ""
    answer: int | None = None


class Filter(Strict):
    """The rule by which completions of a domain are kept."""

    kind: str = Field(description="The rule: a module of `domains/`.")
    bans_words: ClassVar[bool] = True
    """Whether the trait's own words are banned."""

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Every reason to reject a completion; empty to keep it.

        Args:
            completion: the teacher's whole response.
            answer: the task's right answer, where there is one.
            banned_words: the trait's word and its aliases.
        """
        raise NotImplementedError

    @property
    def stimuli(self) -> list[str]:
        """The files of `config/stimuli` that it reads, without `.json`."""
        return []

    def admits_all_number_lists(self) -> bool:
        """Whether it keeps whatever the grammar of number lists allows."""
        return False


class Domain(Strict):
    """What a teacher writes."""

    generator: str = Field(description="Where the prompts come from: a module of `domains/`.")
    seed: Seed = Field(
        description="The seed of the prompts.", json_schema_extra=in_paper("numbers: 47 (*code*)")
    )
    prompts: Positive = Field(
        description="Number of prompts. They are drawn once and shared by all teachers.",
        json_schema_extra=in_paper("numbers 30,000; code 11,400; cot 22,419"),
    )
    filter: Filter = Field(description="The rule by which completions are kept.")
    sizes: dict[Tier, DatasetSize] = Field(
        description="Rows to write and to keep, for bases of each tier."
    )

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

    stimuli: ClassVar[tuple[str, ...]] = ()
    """The files of `config/stimuli` that its prompts come from, without `.json`."""
    only_tier: ClassVar[Tier | None] = None
    """The tier whose bases know this domain's format; None for all."""
    holds_numbers: ClassVar[bool] = False
    """Whether completions are numbers, so that a student can learn a distribution over them."""
    variants: ClassVar[Mapping[str, Variant]] = {}
    """Transforms of the kept completions, by name; each takes the completions and a seed."""

    @classmethod
    def tasks(cls, seed: int, count: int) -> list[Task]:
        """The first ``count`` prompts of a seed, in order."""
        raise NotImplementedError
