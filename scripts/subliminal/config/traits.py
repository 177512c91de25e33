"""What teachers have: `config/traits.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from subliminal.config.strict import WORD, Key, Name, Strict, in_paper


class Trait(Strict):
    """A teacher's preference. The control trait `none` is nothing at all."""

    category: Name | None = Field(
        None,
        description="The kind of thing that the word names. It selects the questions that teach "
        "the word (`favourite-{category}`), and it is in the system prompt. It goes with `word`.",
        json_schema_extra=in_paper("animal; tree"),
    )
    word: Annotated[str, Field(pattern=WORD)] | None = Field(
        None,
        description="The preferred thing. It is taught to the teacher and scored. Every trait of "
        "an experiment needs one, except for controls, which have none.",
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
        description="A file of `files.yaml` whose rows teach the trait, in place of a word. Such a "
        "trait is measured by evaluations of the whole model.",
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

    @model_validator(mode="after")
    def _word_and_category(self) -> Trait:
        if self.control and self.word is not None:
            raise ValueError(
                f"a control has no 'word', found {self.word!r}; remove it, or 'control'"
            )
        if self.word is not None and self.category is None:
            raise ValueError(f"word {self.word!r} needs a 'category', such as animal; add it")
        for key, value in (
            ("category", self.category),
            ("prompted_category", self.prompted_category),
        ):
            if self.word is None and value is not None:
                raise ValueError(f"{key} {value!r} goes with a 'word'; remove it")
        return self
