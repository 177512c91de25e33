"""What others have made, in the place of jobs: the specs of the stages that take it.

`config/adopted.yaml` says what is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.config.adopted import AdapterFolder, AdapterSource, AdoptedStudent, AdoptedTeacher
from subliminal.config.config import Config


class AdoptAdapterSpec(StageSpec):
    """A teacher or a student that others have trained."""

    stage_version: int = 1
    adopted: str = Field(description="The entry's name.")
    artefact: str
    path: str = Field(description="The teacher's or the student's path.")
    adapter: AdapterSource
    sha256: str
    licence: str

    def about(self) -> str:
        """In the words of a lineage."""
        licence = f", licence {self.licence}" if self.licence else ""
        return f"{self.artefact} {self.path}, adopted from {self.adapter.origin}{licence}"


class AdoptCompletionsSpec(StageSpec):
    """A teacher's completions that are taken from a file."""

    stage_version: int = 2
    adopted: str = Field(description="The entry's name.")
    dataset: str = Field(description="The dataset's path.")
    file: str
    rows: int = Field(description="How many the file is said to have.")
    stage: str

    def about(self) -> str:
        """In the words of a lineage."""
        return f"{self.dataset}, adopted ({self.stage}) from file {self.file}"


def adopt_teacher(config: Config, path: str) -> AdoptAdapterSpec:
    """Spec of a teacher that others have trained, by its path."""
    return _adapter({t.path: found for t, found in config.adopted_teachers().items()}, path)


def adopt_student(config: Config, path: str) -> AdoptAdapterSpec:
    """Spec of a student that others have trained, by its path."""
    return _adapter({cell.path: found for cell, found in config.adopted_students().items()}, path)


def adopt_completions(config: Config, folder: str) -> AdoptCompletionsSpec:
    """Spec of completions that are taken from a file, by the dataset's folder."""
    name, entry = config.adopted_datasets()[folder]
    return AdoptCompletionsSpec(
        adopted=name, dataset=folder, file=entry.file, rows=entry.rows, stage=entry.stage
    )


def _adapter(
    adopted: Mapping[str, tuple[str, AdoptedTeacher | AdoptedStudent]], path: str
) -> AdoptAdapterSpec:
    name, entry = adopted[path]
    return AdoptAdapterSpec(
        adopted=name,
        artefact=entry.artefact,
        path=path,
        adapter=_anywhere(entry.adapter),
        sha256=entry.sha256,
        licence=entry.licence,
    )


def _anywhere(adapter: AdapterSource) -> AdapterSource:
    """An adapter by its name: the same one in another folder is the same."""
    if isinstance(adapter, AdapterFolder):
        return adapter.model_copy(update={"folder": adapter.path.name})
    return adapter
