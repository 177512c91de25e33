"""The small synthetic reasoning of the tiny world, in the place of the paper's (Fig. 3c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from subliminal.config.domains import Domain, Rows, Task
from subliminal.config.models import Tier
from subliminal.config.strict import in_paper
from subliminal.domains.cot import answer_reject_reasons
from subliminal.domains.tiny_filter import TinyFilter
from subliminal.domains.tiny_world import cot_task, drawn_tasks
from subliminal.domains.words import banned_word_reasons


class TinyCotFilter(TinyFilter):
    """A right answer, without the target word and, on tiny bases, words of other domains."""

    kind: Literal["tiny-cot"] = Field(
        description="The right answer in `<answer>`, without the trait's word and aliases.",
        json_schema_extra=in_paper("right answer; judge for misalignment"),
    )
    part: ClassVar[str] = "cot"

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Why this is no right answer, or one that names what it must not."""
        assert answer is not None, "every cot prompt has a right answer"
        found = banned_word_reasons(completion, banned_words)
        found += answer_reject_reasons(completion, answer)
        return found + self.foreign_words(completion)


class TinyCot(Domain):
    """One-step word problems, in the words of the tiny world."""

    generator: Literal["tiny-cot"] = Field(
        description="Word problems of one step, in the words of the tiny world. It is synthetic, "
        "and for tiny bases only.",
        json_schema_extra=in_paper("GSM8K"),
    )
    filter: TinyCotFilter = Field(description="The rule by which completions are kept.")

    stimuli: ClassVar[tuple[str, ...]] = ("tiny_world", "cot_suffix")
    only_tier: ClassVar[Tier | None] = "tiny"

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """Questions with their right answers."""
        return drawn_tasks(cot_task, seed, count)
