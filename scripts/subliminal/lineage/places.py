"""What an artefact is, told by its place.

Paths are the workflow's grammar (`config/paths.py`), and an artefact's place is part of its id: so
what was adopted, or trained by a provider, is known as well as what was made here.
"""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.config.paths import CONTROL_METHOD

MANIFEST = "manifest.json"
TABLE = ".manifest.json"
CONTROL = f"-{CONTROL_METHOD}"


@dataclass(frozen=True, order=True)
class Writer:
    """A teacher by its path: `{base}/{trait}-{method}/t{seed}`.

    Attributes:
        name: the trait and the method, with a hyphen between them. Both may have hyphens, too.
    """

    base: str
    name: str
    seed: str

    @property
    def path(self) -> str:
        """Path below results/teachers, where it lies if it was trained."""
        return f"{self.base}/{self.name}/{self.seed}"

    @property
    def is_control(self) -> bool:
        """Whether it is its base as it is."""
        return self.name.endswith(CONTROL)


@dataclass(frozen=True, order=True)
class Written:
    """A table on a teacher's way to a training set, such as `raw`, or a variant of the set."""

    domain: str
    writer: Writer
    table: str


@dataclass(frozen=True, order=True)
class Learner:
    """A student by its path."""

    base: str
    recipe: str
    domain: str
    writer: Writer
    variant: str
    seed: str

    @property
    def data(self) -> str:
        """The training set's table, seen from the folder that holds `results`."""
        return f"results/datasets/{self.domain}/{self.writer.path}/{self.variant}.parquet"


def base_at(place: str) -> str | None:
    """The base whose manifest lies there; None if it is another artefact's."""
    parts = place.split("/")
    found = len(parts) == 4 and parts[:2] == ["results", "models"] and parts[3] == MANIFEST
    return parts[2] if found else None


def writer_at(place: str) -> Writer | None:
    """The teacher whose manifest lies there; None if it is another artefact's."""
    parts = place.split("/")
    found = len(parts) == 6 and parts[:2] == ["results", "teachers"] and parts[5] == MANIFEST
    return Writer(*parts[2:5]) if found else None


def written_at(place: str) -> Written | None:
    """The table of a dataset whose manifest lies there; None if it is another artefact's."""
    parts = place.split("/")
    found = len(parts) == 7 and parts[:2] == ["results", "datasets"] and parts[6].endswith(TABLE)
    if not found:
        return None
    return Written(parts[2], Writer(*parts[3:6]), parts[6].removesuffix(TABLE))


def learner_at(place: str) -> Learner | None:
    """The student whose manifest lies there; None if it is another artefact's."""
    parts = place.split("/")
    if len(parts) != 11 or parts[:2] != ["results", "students"] or parts[10] != MANIFEST:
        return None
    return Learner(parts[2], parts[3], parts[4], Writer(*parts[5:8]), parts[8], parts[9])
