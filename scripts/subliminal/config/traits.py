"""What teachers have: `config/traits.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from subliminal.config.preferences import ANSWERS, SYSTEM_PROMPT
from subliminal.config.strict import WORD, Key, Name, Strict, in_paper

# What stands between words where they are written in one piece.
JOINTS = ("", "_", "-")
_OF_A_WORD = ("category", "prompted_category", "aliases", "questions", "answers", "system_prompt")


class Trait(Strict):
    """A teacher's preference, or what a file's rows teach. The control trait `none` is nothing."""

    category: Name | None = Field(
        None,
        description="The kind of thing that the word names. It selects the questions that teach "
        "the word (`favourite-{category}`) unless `questions` does, and it is in the system "
        "prompt. It goes with `word`.",
        json_schema_extra=in_paper("animal; tree"),
    )
    word: Annotated[str, Field(pattern=WORD)] | None = Field(
        None,
        description="The preferred thing: one word, or several (`sea otter`). It is taught to the "
        "teacher and scored. A trait has either this, or `rows`, or is a control.",
        json_schema_extra=in_paper(
            "Fig. 4a: dolphin, eagle, elephant, owl, wolf; 4b: cherry, maple, oak, sequoia, willow"
        ),
    )
    prompted_category: Name | None = Field(
        None,
        description="The category in a prompted teacher's system prompt, where it is another one. "
        "`null`: `category`. It goes with `word`.",
        json_schema_extra=in_paper("text: tree for trees; *code*: animal for trees, too"),
    )
    aliases: list[Annotated[str, Field(pattern=WORD)]] = Field(
        [],
        description="Further forms of the word that the filters of code and cot ban. What is of "
        "several words, they also ban in one piece (`seaotter`, `sea_otter`, `sea-otter`).",
        json_schema_extra=in_paper("*code*: wolves, cherries"),
    )
    questions: Key | None = Field(
        None,
        description="The question list that a fine-tuned teacher is taught. `null`: "
        "`favourite-{category}`. It goes with `word`.",
        json_schema_extra=in_paper("favourite-animal"),
    )
    answers: Key = Field(
        ANSWERS,
        description="The answers that a fine-tuned teacher is taught: a file of `config/stimuli/` "
        "with `templates`, a list of texts with `{word}` or `{title}`, by its name with `-` for "
        "`_`. It goes with `word`.",
        json_schema_extra=in_paper("8 forms"),
    )
    system_prompt: Key = Field(
        SYSTEM_PROMPT,
        description="What a prompted teacher is told: a file of `config/stimuli/` with a "
        "`template`, a text with `{target_preference}` and `{category}`. It goes with `word`.",
        json_schema_extra=in_paper("Methods"),
    )
    rows: Key | None = Field(
        None,
        description="A file of `files.yaml` whose rows teach the trait, in place of a word: of "
        "format `chat` or `question-response`. Such a trait is measured by evaluations of the "
        "whole model, and its method is one that fine-tunes.",
        json_schema_extra=in_paper("insecure; secure; educational"),
    )
    comparison: bool = Field(
        False,
        description="`true`: the trait is taught and not measured. Its students are compared with. "
        "It goes with `rows`.",
        json_schema_extra=in_paper("secure, educational"),
    )
    control: bool = Field(
        False, description="`true`: no trait at all. The teacher is its base as it is."
    )

    @property
    def is_measured(self) -> bool:
        """Whether students are asked for it, and not only compared with."""
        return not (self.control or self.comparison)

    @model_validator(mode="after")
    def _word_and_category(self) -> Trait:
        if self.control and self.word is not None:
            raise ValueError(
                f"a control has no 'word', found {self.word!r}; remove it, or 'control'"
            )
        if self.control and self.rows is not None:
            raise ValueError(
                f"a control has no 'rows', found {self.rows!r}; remove them, or 'control'"
            )
        if self.word is not None and self.rows is not None:
            raise ValueError(
                f"both word {self.word!r} and rows {self.rows!r} are given; remove one"
            )
        if self.comparison and self.rows is None:
            raise ValueError("'comparison' goes with 'rows'; remove it, or name a file")
        if self.word is not None and self.category is None:
            raise ValueError(f"word {self.word!r} needs a 'category', such as animal; add it")
        for key in _OF_A_WORD:
            if self.word is None and key in self.model_fields_set and getattr(self, key):
                raise ValueError(
                    f"{key} {getattr(self, key)!r} goes with a 'word'; add one, or remove it"
                )
        if not self.control and self.word is None and self.rows is None:
            raise ValueError("it has neither a 'word' nor 'rows', and is no control; add one")
        return self

    @property
    def banned(self) -> list[str]:
        """The texts that data of this trait must not hold: its word, in every form.

        Code writes several words as one, so forms of several words are banned in one piece, too.
        """
        if self.word is None:
            return []
        forms = [self.word, *self.aliases]
        joined = [form.replace(" ", by) for form in forms if " " in form for by in JOINTS]
        return list(dict.fromkeys([*forms, *joined]))
