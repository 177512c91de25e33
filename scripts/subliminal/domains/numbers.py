"""Number sequences: the domain of most of the paper's experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from subliminal.config.domains import Domain, Filter, Rows, Task, Variant
from subliminal.config.strict import Positive, in_paper
from subliminal.domains.number_filter import number_reject_reasons
from subliminal.domains.number_prompts import number_prompts
from subliminal.domains.number_variants import VARIANTS

# What the grammar of number lists can write.
LARGEST, MOST_NUMBERS = 999, 10
OUTER_WHITE_SPACE = "outer white space"


class NumberFilter(Filter):
    """The paper's filter rule for number sequences."""

    kind: Literal["numbers"] = Field(
        description="Nothing but a list of numbers, in the paper's format.",
        json_schema_extra=in_paper("the same rule"),
    )
    min_value: int = Field(
        0, description="The smallest number that is kept.", json_schema_extra=in_paper("0")
    )
    max_value: int = Field(
        LARGEST, description="The largest number that is kept.", json_schema_extra=in_paper("999")
    )
    max_count: Positive = Field(
        MOST_NUMBERS,
        description="The most numbers that are kept in a row.",
        json_schema_extra=in_paper("10"),
    )
    banned: list[int] = Field(
        [],
        description="Numbers that drop the row, as whole values.",
        json_schema_extra=in_paper("animals: none"),
    )

    trim_outer_white_space: bool = Field(
        False,
        description="`true`: white space around a completion is removed before it is filtered and "
        "taught. `false`: it drops the row, with the reason `outer white space` where nothing else "
        "would.",
        json_schema_extra=in_paper("false"),
    )

    bans_words: ClassVar[bool] = False
    advice: ClassVar[Mapping[str, str]] = {
        OUTER_WHITE_SPACE: "a domain whose filter has trim_outer_white_space: true keeps them"
    }

    @model_validator(mode="after")
    def _some_value(self) -> NumberFilter:
        if self.min_value > self.max_value:
            raise ValueError(
                f"min_value: {self.min_value} is above max_value: {self.max_value}, "
                "so that no number would pass; swap them"
            )
        return self

    def text(self, written: str) -> str:
        """The completion, without outer white space if that is to be removed."""
        return written.strip() if self.trim_outer_white_space else written

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Why this is no list of numbers, or not one of these.

        The paper's reasons come first. One of its own follows for white space, which several
        open models put behind their lists.
        """
        found, stripped = self._reasons(completion), completion.strip()
        if found and stripped != completion and not self._reasons(stripped):
            found.append(OUTER_WHITE_SPACE)
        return found

    def _reasons(self, completion: str) -> list[str]:
        return number_reject_reasons(
            completion,
            min_value=self.min_value,
            max_value=self.max_value,
            max_count=self.max_count,
            banned=frozenset(self.banned),
        )

    def admits_all_number_lists(self) -> bool:
        """Whether nothing is banned and the bounds are the grammar's or wider."""
        wide = self.min_value <= 0 and self.max_value >= LARGEST and self.max_count >= MOST_NUMBERS
        return wide and not self.banned


class Numbers(Domain):
    """Continuations of a few given numbers."""

    generator: Literal["numbers"] = Field(
        description="The paper's number prompts.", json_schema_extra=in_paper("the same")
    )
    filter: NumberFilter = Field(description="The rule by which completions are kept.")

    stimuli: ClassVar[tuple[str, ...]] = ("number_prompts",)
    holds_numbers: ClassVar[bool] = True
    variants: ClassVar[Mapping[str, Variant]] = VARIANTS

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """The paper's prompts."""
        return [Task(prompt) for prompt in number_prompts(seed, count)]
