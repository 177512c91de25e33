"""Cells: the matrix of an experiment, and where each artefact of a cell lies.

Paths are the workflow's grammar (docs/how-it-works.md); they are written here once, and the rules'
wildcards have the same names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import product

from subliminal.config import Block, Config, TransmissionExperiment
from subliminal.errors import ConfigError
from subliminal.variants import VARIANTS

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


def bases_of(cells: Iterable[Cell]) -> list[str]:
    """The bases of teachers and of students."""
    return sorted({base for cell in cells for base in cell.bases})


def teachers_with_traits(cells: Iterable[Cell]) -> list[Teacher]:
    """All teachers but the controls, which are bases and are scored as such."""
    teachers = {cell.dataset.teacher for cell in cells}
    return sorted(teacher for teacher in teachers if not teacher.is_control)


def expand(block: Block, controls: Collection[str]) -> list[Cell]:
    """The cells of a block.

    Args:
        controls: the traits that are none; their teacher is the base itself.
    """
    cells = []
    for trait, base, student, variant, teacher_seed, seed in product(
        block.traits,
        block.teacher_bases,
        block.student_bases,
        block.variants,
        block.teacher_seeds,
        block.student_seeds,
    ):
        method = CONTROL_METHOD if trait in controls else block.method
        teacher = Teacher(base, trait, method, teacher_seed)
        cells.append(Cell(Dataset(block.domain, teacher, variant), student, block.recipe, seed))
    return cells


def _check_names(block: Block, config: Config, where: str) -> None:
    recipes = config.recipes
    checks = [
        ("domain", [block.domain], config.domains, "config/domains.yaml"),
        ("trait", block.traits, config.traits, "config/traits.yaml"),
        ("method", [block.method], recipes.methods, "methods of config/recipes.yaml"),
        ("teacher base", block.teacher_bases, config.models, "config/models.yaml"),
        ("student base", block.student_bases, config.models, "config/models.yaml"),
        ("variant", block.variants, [PLAIN_VARIANT, *VARIANTS], "the variants"),
        ("recipe", [block.recipe], recipes.students, "students of config/recipes.yaml"),
    ]
    for what, asked, entries, listed in checks:
        for name in asked:
            if name not in entries:
                raise ConfigError(
                    f"{where}: {what} {name!r} is not in {listed} (known: {', '.join(entries)})"
                )


def _check_tiers(block: Block, config: Config, where: str) -> None:
    domain = config.domains[block.domain]
    for base in block.teacher_bases:
        tier = config.models[base].tier
        if tier not in domain.sizes:
            raise ConfigError(
                f"{where}: domain {block.domain!r} has no size for tier {tier!r} of base {base!r};"
                f" add sizes: {tier}: to it in config/domains.yaml"
            )


def experiment_cells(config: Config, name: str) -> list[Cell]:
    """The cells of an experiment, in the order of its file.

    Raises:
        ConfigError: a block names something that no registry has, or two blocks ask for the same
            cell.
    """
    cells: dict[Cell, int] = {}
    controls = {trait for trait, entry in config.traits.items() if entry.word is None}
    blocks = config.experiment(name, TransmissionExperiment).cells
    for number, block in enumerate(blocks, start=1):
        where = f"config/experiments/{name}.yaml: cell {number}"
        _check_names(block, config, where)
        _check_tiers(block, config, where)
        for cell in expand(block, controls):
            if cell in cells:
                other = "it" if cells[cell] == number else f"cell {cells[cell]}"
                raise ConfigError(
                    f"{where}: asks for {cell.path}, which {other} has asked for already; "
                    "remove one of the two"
                )
            cells[cell] = number
    return list(cells)
