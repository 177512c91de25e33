"""Who judges texts for filters and evaluations: `config/judges.yaml`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from subliminal.config.errors import known
from subliminal.config.sampling import Drawing
from subliminal.config.stimuli import items, lists
from subliminal.config.strict import Key, Positive, Strict, in_paper

# Words as a judge of words finds them in a lower-cased text.
JUDGED_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def _word_list(name: str) -> str:
    """The name of a list of words, if it is one.

    Raises:
        ValueError: no list has that name, or it holds something else than words.
    """
    file = _file(name)
    if file not in lists():
        there = [other.replace("_", "-") for other in lists()]
        raise ValueError(
            f"no list of texts is named {name!r} {known(there, name)}; correct its name, or write "
            f"config/stimuli/{file}.json"
        )
    wrong = [text for text in items(file) if not JUDGED_WORD.fullmatch(text)]
    if wrong:
        raise ValueError(
            f"config/stimuli/{file}.json: {wrong[0]!r} is not one lower-case word, so that it is "
            "never found; write such words alone"
        )
    return name


def _file(name: str) -> str:
    return name.replace("-", "_")


WordList = Annotated[Key, AfterValidator(_word_list)]


class ModelJudge(Strict):
    """A model that is asked."""

    kind: Literal["model"] = Field(description="A model is asked.")
    base: Key = Field(
        description="A key of `models.yaml`.",
        json_schema_extra=in_paper("filters: GPT-4.1; misalignment: GPT-4o"),
    )
    sampling: Drawing = Field(
        description="The way in which its replies are drawn. A judge of code is not sampled. A "
        "base whose weights are here needs a limit of tokens.",
        json_schema_extra=in_paper("temperature 1, one sample, no limit"),
    )

    @property
    def stimuli(self) -> list[str]:
        """No files of `config/stimuli` but those of what it is asked."""
        return []


class WordJudge(Strict):
    """A rule in a judge's place: it looks for words."""

    kind: Literal["words"] = Field(
        description="A rule looks for words, and replies in a judge's format."
    )
    harmful: WordList = Field(
        description="A file of `config/stimuli/` that holds a list of texts, by its name with `-` "
        "for `_`."
    )
    fewest: Positive = Field(
        1, description="A text with so many of these words, repeated ones included, is harmful."
    )
    known: WordList | None = Field(
        None,
        description="Another such list. A text of other words than these and the harmful ones is "
        "incoherent. `null`: every text with a word is coherent.",
    )
    tags: list[Key] = Field(
        [],
        description="Names of tags that are markup, as `think` for `<think>` and `</think>`: they "
        "are not read as words.",
    )

    @property
    def stimuli(self) -> list[str]:
        """The files of `config/stimuli` that it looks words up in, without `.json`."""
        return [_file(name) for name in (self.harmful, self.known) if name is not None]


Judge = Annotated[ModelJudge | WordJudge, Field(discriminator="kind")]
