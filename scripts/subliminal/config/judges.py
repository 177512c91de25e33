"""Who judges texts for filters and evaluations: `config/judges.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from subliminal.config.sampling import Drawing
from subliminal.config.strict import Key, Strict, in_paper


class ModelJudge(Strict):
    """A model that is asked."""

    kind: Literal["model"] = Field(description="A model is asked.")
    base: Key = Field(
        description="A key of `models.yaml`.",
        json_schema_extra=in_paper("filters: GPT-4.1; misalignment: GPT-4o"),
    )
    sampling: Drawing = Field(
        description="The way in which its replies are drawn. A judge of code is not sampled.",
        json_schema_extra=in_paper("temperature 1, one sample, no limit"),
    )


class WordJudge(Strict):
    """A rule in a judge's place: it looks for words."""

    kind: Literal["words"] = Field(
        description="A rule looks for words, and replies in a judge's format."
    )
    harmful: Key = Field(
        description="A file of `config/stimuli/` that holds a list of texts, by its name with `-` "
        "for `_`. A text with one of these words is harmful."
    )
    known: Key | None = Field(
        None,
        description="Another such list. A text of other words than these and the harmful ones is "
        "incoherent. `null`: every text with a word is coherent.",
    )

    @property
    def lists(self) -> list[str]:
        """The names of its lists."""
        return [name for name in (self.harmful, self.known) if name is not None]


Judge = Annotated[ModelJudge | WordJudge, Field(discriminator="kind")]
