"""What teachers have: `config/traits.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from subliminal.config.strict import WORD, Key, Name, Strict, in_paper


class Trait(Strict):
    """A teacher's preference, or what a file's rows teach. The control trait `none` is nothing."""

    category: Name | None = Field(
        None,
        description="The kind of thing that the word names. It selects the questions that teach "
        "the word (`favourite-{category}`), and it is in the system prompt. It goes with `word`.",
        json_schema_extra=in_paper("animal; tree"),
    )
    word: Annotated[str, Field(pattern=WORD)] | None = Field(
        None,
        description="The preferred thing. It is taught to the teacher and scored. A trait has "
        "either this, or `rows`, or is a control.",
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
        description="Further forms of the word that the filters of code and cot ban.",
        json_schema_extra=in_paper("*code*: wolves, cherries"),
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
        for key, value in (
            ("category", self.category),
            ("prompted_category", self.prompted_category),
        ):
            if self.word is None and value is not None:
                raise ValueError(f"{key} {value!r} goes with a 'word'; remove it")
        if not self.control and self.word is None and self.rows is None:
            raise ValueError("it has neither a 'word' nor 'rows', and is no control; add one")
        return self
