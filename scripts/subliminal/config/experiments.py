"""What every kind of experiment has in its file, and the files that there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from subliminal.config.strict import FILE_NAME, Strict

if TYPE_CHECKING:
    from subliminal.config.config import Config

EXPERIMENTS = "config/experiments"
_KIND = re.compile(rb"^kind:[ \t]*[\"']?([a-z_]+)", re.MULTILINE)


def experiment_file(name: str) -> str:
    """An experiment's file, below the repository."""
    return f"{EXPERIMENTS}/{name}.yaml"


class Needs(NamedTuple):
    """What has to be there before an experiment can be computed.

    Attributes:
        bases: keys of `models.yaml`, those of judges included.
        tuned: those of them that are fine-tuned, and not only asked.
        files: keys of `files.yaml`.
    """

    bases: frozenset[str] = frozenset()
    tuned: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()


class Experiment(Strict):
    """One file of `config/experiments/`: one figure or table of the paper."""

    kind: str = Field(description="The kind of experiment: a room of the library.")
    title: str = Field(description="The heading of its chapter in the report.")
    paper: str = Field(description="The paper's counterpart.")
    model_organism: bool = Field(
        description="`true`: every figure and finding says beside it that these are toy models."
    )

    def needs(self, config: Config) -> Needs:
        """The bases and files that it names, itself or through the registries."""
        return Needs()

    def primary_measure(self, config: Config) -> str | None:
        """The measure that its gates, figures and findings are about; None without evaluation."""
        return None

    def chance(self, config: Config) -> float | None:
        """Its primary measure of a model that chooses at random; None where nobody knows it."""
        return None

    def beside(self, config: Config) -> list[str]:
        """Other experiments that belong to it: they are computed with it and share its report."""
        return []


class Experiments(Mapping[str, Experiment]):
    """Experiments by the names of their files. A file is read when it is first asked for.

    There are far more of them than a run asks for, and one that nobody asked for may be broken.
    Iterating goes over all names.
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        read: Callable[[str], Experiment],
        behind: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Read nothing yet.

        Args:
            kinds: by name, the kind that the file says; empty where it says none.
            read: from a name to what its file says.
            behind: by the name of an experiment with stand-ins, the one whose file says what it is.
        """
        self._kinds = kinds
        self._read = read
        self._behind = behind
        self._found: dict[str, Experiment] = {}

    def __getitem__(self, name: str) -> Experiment:
        """What a file says.

        Raises:
            KeyError: there is no such file.
            ConfigError: it is wrong.
        """
        if name not in self._kinds:
            raise KeyError(name)
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        """All names."""
        return iter(self._kinds)

    def __len__(self) -> int:
        """The number of files."""
        return len(self._kinds)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a file; it is not read."""
        return name in self._kinds

    def file_of(self, name: str) -> str:
        """The file that says what an experiment is, below the repository."""
        return experiment_file(self._behind.get(name, name))

    def of_kind(self, kind: str) -> list[str]:
        """The names of a kind's files; none is read."""
        return [name for name, said in self._kinds.items() if said == kind]


def kinds_said(root: Path) -> dict[str, str]:
    """The kind that each file says, by its name.

    It is found without reading the file as YAML. A file whose name none can have is left out.

    Args:
        root: the repository's folder.
    """
    files = {file.stem: file for file in sorted((root / EXPERIMENTS).glob("*.yaml"))}
    return {name: _said(file) for name, file in files.items() if re.match(FILE_NAME, name)}


def _said(file: Path) -> str:
    with suppress(OSError):
        found = _KIND.search(file.read_bytes())
        return found[1].decode() if found else ""
    return ""
