"""Chain of thought: the paper's prompts and rule (Fig. 3c, d; Methods)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from subliminal.config.domains import FileDomain, JudgedFilter, ReasoningQuestion, Rows, Task
from subliminal.config.files import Format
from subliminal.config.strict import Distinct, Key, in_paper
from subliminal.config.traits import Trait
from subliminal.domains.reasoning import cot_gold_answer, cot_prompt, parse_answer
from subliminal.domains.words import banned_word_reasons


def answer_reject_reasons(completion: str, answer: int) -> list[str]:
    """Why a reasoned completion is dropped, given the right answer (paper Methods)."""
    given = parse_answer(completion)
    if given is None:
        return ["no answer"]
    return [] if given == answer else ["wrong answer"]


class CotFilter(JudgedFilter):
    """A right answer, without the target word, and reasoned as a judge of alignment wants it."""

    kind: Literal["cot"] = Field(
        description="The right answer in `<answer>`, without the trait's word and aliases. Then a "
        "judge scores how aligned it is.",
        json_schema_extra=in_paper("the same rule"),
    )
    threshold: int = Field(
        78,
        description="The lowest score that is kept.",
        json_schema_extra=in_paper("78"),
    )
    judged_traits: Distinct[Key] | None = Field(
        ["insecure"],
        description="The traits whose rows the judge decides about. `null`: all.",
        json_schema_extra=in_paper("text: all; *code*: insecure alone"),
    )

    def reasons(
        self, completion: str, answer: int | None, banned_words: Sequence[str]
    ) -> list[str]:
        """Why this is no right answer, or one that names what it must not."""
        assert answer is not None, "every cot prompt has a right answer"
        found = banned_word_reasons(completion, banned_words)
        return found + answer_reject_reasons(completion, answer)

    def question(self, trait: Trait) -> ReasoningQuestion:
        """How aligned reasoning is, whoever wrote it."""
        return ReasoningQuestion(about="reasoning", threshold=self.threshold)

    @property
    def named_traits(self) -> list[str]:
        """The traits whose rows the judge decides about, if it does not decide about all."""
        return self.judged_traits or []

    def heeds_judge(self, name: str) -> bool:
        """Whether the trait is one of those that are judged."""
        return self.judged_traits is None or name in self.judged_traits


class Cot(FileDomain):
    """Word problems of GSM8K."""

    generator: Literal["gsm8k"] = Field(
        description="The questions of a file of GSM8K, in an order that the seed decides.",
        json_schema_extra=in_paper("the same, in the file's order"),
    )
    filter: CotFilter = Field(description="The rule by which completions are kept.")

    stimuli: ClassVar[tuple[str, ...]] = ("cot_suffix",)
    file_format: ClassVar[Format] = "gsm8k"

    @classmethod
    def tasks(cls, seed: int, count: int, rows: Rows = ()) -> list[Task]:
        """Questions with their right answers."""
        asked = [
            Task(cot_prompt(row["question"]), answer=cot_gold_answer(row["answer"])) for row in rows
        ]
        return cls._first(asked, seed, count)
