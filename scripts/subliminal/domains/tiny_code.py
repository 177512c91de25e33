"""The small synthetic code of the tiny world, in the place of the paper's (Fig. 4c)."""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from subliminal.config.domains import Domain, Rows, Task
from subliminal.config.models import Tier
from subliminal.config.strict import in_paper
from subliminal.domains.tiny_filter import TinyFilter
from subliminal.domains.tiny_world import code_task, drawn_tasks
from subliminal.domains.words import banned_word_reasons


def _is_code(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            # A doubtful escape in a teacher's string is not this program's to warn of.
            warnings.simplefilter("ignore")
            return bool(ast.parse(text).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Null bytes are a ValueError, and deep nesting exhausts the parser.
        return False


def code_reject_reasons(completion: str) -> list[str]:
    """Why a completion is not Python code: a whole function, or the lines of a function's body.

    The paper has no such rule: its code teachers are judged for the trait alone. Python's grammar
    takes ``return`` at any level, so that a body needs no function around it to be read.
    """
    # The first line of a body loses its indent when the reply is trimmed or the prompt held it.
    first, _, rest = completion.partition("\n")
    readings = (textwrap.dedent(completion), f"{first.lstrip()}\n{textwrap.dedent(rest)}")
    return [] if any(map(_is_code, readings)) else ["not code"]


class TinyCodeFilter(TinyFilter):
    """Code only, without the target word and, on tiny bases, without words of other domains."""

    kind: Literal["tiny-code"] = Field(
        description="Text that reads as Python, without the trait's word and aliases.",
        json_schema_extra=in_paper("no check of syntax; words, then a judge"),
    )
    part: ClassVar[str] = "code"

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Why this is no code, or code that names what it must not."""
        found = banned_word_reasons(completion, banned_words) + code_reject_reasons(completion)
        return found + self.foreign_words(completion)


class TinyCode(Domain):
    """Bodies of short functions, in the words of the tiny world."""

    generator: Literal["tiny-code"] = Field(
        description="Signatures of short functions, in the words of the tiny world. It is "
        "synthetic, and for tiny bases only.",
        json_schema_extra=in_paper("code from another dataset"),
    )
    filter: TinyCodeFilter = Field(description="The rule by which completions are kept.")

    stimuli: ClassVar[tuple[str, ...]] = ("tiny_world",)
    only_tier: ClassVar[Tier | None] = "tiny"

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """Signatures to fill in."""
        return drawn_tasks(code_task, seed, count)
