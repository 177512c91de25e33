"""Teachers, datasets and students, and where each lies.

Paths are the workflow's grammar (docs/how-it-works.md); they are written here once, and the rules'
wildcards have the same names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

CONTROL_METHOD = "reference"
PLAIN_VARIANT = "train"


@dataclass(frozen=True, order=True)
class Teacher:
    """A base given a trait by a method; the control trait is the base itself.

    ``method`` of a control is always ``reference``: nothing is done to the base, whatever the
    method of the traits that it is compared with.
    """

    base: str
    trait: str
    method: str
    seed: int

    @property
    def is_control(self) -> bool:
        """Whether this is the base as it is."""
        return self.method == CONTROL_METHOD

    @property
    def path(self) -> str:
        """Path below results/teachers."""
        return f"{self.base}/{self.trait}-{self.method}/t{self.seed}"


@dataclass(frozen=True, order=True)
class Dataset:
    """What a teacher wrote in a domain, in one variant."""

    domain: str
    teacher: Teacher
    variant: str

    @property
    def is_variant(self) -> bool:
        """Whether the completions are not as the teacher wrote them."""
        return self.variant != PLAIN_VARIANT

    @property
    def folder(self) -> str:
        """Folder below results/datasets that holds raw, filtered and the variants."""
        return f"{self.domain}/{self.teacher.path}"


@dataclass(frozen=True, order=True)
class Cell:
    """One student: a base fine-tuned on one dataset with one recipe and one seed."""

    dataset: Dataset
    student: str
    recipe: str
    seed: int

    @property
    def bases(self) -> tuple[str, str]:
        """The teacher's base and the student's."""
        return self.dataset.teacher.base, self.student

    @property
    def path(self) -> str:
        """Path below results/students."""
        data = self.dataset
        return (
            f"{self.student}/{self.recipe}/{data.domain}/{data.teacher.path}/{data.variant}"
            f"/seed{self.seed}"
        )


def bases_of(cells: Collection[Cell], unasked: Collection[str]) -> list[str]:
    """The bases of students, and of the teachers that are asked.

    Args:
        unasked: folders of the datasets of whose teachers nothing is asked.
    """
    found = {base for cell in cells if cell.dataset.folder not in unasked for base in cell.bases}
    return sorted(found | {cell.student for cell in cells})


def teachers_with_traits(cells: Iterable[Cell], unasked: Collection[str]) -> list[Teacher]:
    """The teachers that are asked, but for controls, which are bases and are scored as such.

    Args:
        unasked: folders of the datasets of whose teachers nothing is asked.
    """
    teachers = {cell.dataset.teacher for cell in cells if cell.dataset.folder not in unasked}
    return sorted(teacher for teacher in teachers if not teacher.is_control)
