"""The spec of the stage that takes a file."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.spec import StageSpec
from subliminal.config.config import Config
from subliminal.config.files import LocalFile, SuppliedFile


class TakeFileSpec(StageSpec):
    """A file of others, or one that the workflow writes in its place.

    What the entry says about the file is not in it, nor the folder in which it lies: the same file
    elsewhere is the same file.
    """

    stage_version: int = 1
    file: str
    entry: SuppliedFile

    def about(self) -> str:
        """In the words of a lineage."""
        licence = f", licence {self.entry.licence}" if self.entry.licence else ""
        return f"file {self.file}, from {self.entry.origin}{licence}"


def take_file(config: Config, file: str) -> TakeFileSpec:
    """Spec of a file of `files.yaml`."""
    entry = config.files[file]
    kept: dict[str, str] = {"about": ""}
    if isinstance(entry, LocalFile) and entry.path is not None:
        kept["path"] = Path(entry.path).name
    return TakeFileSpec(file=file, entry=entry.model_copy(update=kept))
