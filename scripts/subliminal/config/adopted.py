"""What is taken from others instead of being computed: `config/adopted.yaml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from subliminal.config.paths import PLAIN_VARIANT, Cell, Dataset, Teacher
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

ADOPTED = "config/adopted.yaml"


class Adoption(Strict):
    """Whose artefact is taken: the teacher's."""

    base: Key = Field(description="The teacher's base: a key of `models.yaml`.")
    trait: Key = Field(description="The teacher's trait: a key of `traits.yaml`.")
    method: Key = Field(
        description="How the teacher got it: a key of `methods` in `recipes.yaml`, or `reference` "
        "for a control."
    )
    teacher_seed: Seed = Field(description="The teacher's seed.")

    @property
    def teacher(self) -> Teacher:
        """The teacher."""
        return Teacher(self.base, self.trait, self.method, self.teacher_seed)

    @property
    def place(self) -> str:
        """The folder of what is taken, below `results`."""
        raise NotImplementedError


class AdoptedDataset(Adoption):
    """What a teacher wrote, from a file of others."""

    artefact: Literal["dataset"] = Field(description="What a teacher wrote.")
    domain: Key = Field(description="What it wrote: a key of `domains.yaml`.")
    file: Key = Field(
        description="The rows: a key of `files.yaml`, of format `chat` or `question-response`."
    )
    rows: Positive = Field(
        description="How many rows the file has. Before a run, experiments are checked against it: "
        "their `min_rows` may be no more."
    )
    stage: Literal["raw", "filtered", "train"] = Field(
        description="What the rows are.\n"
        "`raw`: all that the teacher wrote; the domain's filter is applied.\n"
        "`filtered`: what a filter kept. The domain's filter must keep each of them, no judge is "
        "asked, and `train_rows` of them are drawn.\n"
        "`train`: what students were trained on, in this order. As `filtered`, and all are taken."
    )

    @property
    def folder(self) -> str:
        """Folder below results/datasets."""
        return Dataset(self.domain, self.teacher, PLAIN_VARIANT).folder

    @property
    def place(self) -> str:
        """The folder of the dataset, below `results`."""
        return f"datasets/{self.folder}"


class AdapterFolder(Strict):
    """An adapter in a folder, as peft saves it."""

    source: Literal["folder"] = Field(description="A folder as peft saves it.")
    folder: Place = Field(description="The folder, absolute or relative to the repository.")

    @property
    def path(self) -> Path:
        """The folder's place; `~` is somebody's home, if there is such a person."""
        return Path(os.path.expanduser(self.folder))

    @property
    def origin(self) -> str:
        """The folder's name."""
        return f"folder {self.path.name}"


class AdapterRepository(Strict):
    """An adapter of the Hugging Face hub, by the commit of its repository."""

    source: Literal["hub"] = Field(description="A repository of the Hugging Face hub.")
    repository: Annotated[str, Field(pattern=REPOSITORY)] = Field(
        description="The adapter's repository on the hub."
    )
    revision: Annotated[str, Field(pattern=REVISION)] = Field(
        description="A commit of the repository."
    )

    @property
    def origin(self) -> str:
        """The repository at its commit."""
        return f"{self.repository}@{self.revision}"


AdapterSource = Annotated[AdapterFolder | AdapterRepository, Field(discriminator="source")]


class AdoptedAdapter(Adoption):
    """A fine-tuned model, as an adapter."""

    adapter: AdapterSource = Field(
        description="Where `adapter_config.json` and `adapter_model.safetensors` are."
    )
    sha256: Annotated[str, Field(pattern=SHA256)] = Field(
        description="The checksum of `adapter_model.safetensors`."
    )
    licence: str = Field("", description="Kept in its manifest.")


class AdoptedTeacher(AdoptedAdapter):
    """A fine-tuned teacher."""

    artefact: Literal["teacher"] = Field(description="A fine-tuned teacher: its adapter.")

    @property
    def place(self) -> str:
        """The folder of the teacher, below `results`."""
        return f"teachers/{self.teacher.path}"


class AdoptedStudent(AdoptedAdapter):
    """A student, and the teacher whose data it learnt."""

    artefact: Literal["student"] = Field(description="A student: its adapter.")
    domain: Key = Field(description="What it learnt: a key of `domains.yaml`.")
    variant: Key = Field(
        PLAIN_VARIANT, description="`train`, or the variant of the data that it learnt."
    )
    student: Key = Field(description="The student's base: a key of `models.yaml`.")
    recipe: Key = Field(
        description="How it learnt: a key of `students` in `recipes.yaml`, one with an adapter."
    )
    seed: Seed = Field(description="The student's seed.")

    @property
    def cell(self) -> Cell:
        """Which of an experiment's students it is."""
        data = Dataset(self.domain, self.teacher, self.variant)
        return Cell(data, self.student, self.recipe, self.seed)

    @property
    def place(self) -> str:
        """The folder of the student, below `results`."""
        return f"students/{self.cell.path}"


Adopted = Annotated[
    AdoptedDataset | AdoptedTeacher | AdoptedStudent, Field(discriminator="artefact")
]
