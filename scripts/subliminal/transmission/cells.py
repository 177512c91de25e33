"""Cells: the matrix of an experiment."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Cell, Dataset, Teacher
from subliminal.domains.registry import VARIANTS
from subliminal.transmission.config import Block, TransmissionExperiment


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
    checks: list[tuple[str, list[str], Collection[str], str]] = [
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
    controls = {trait for trait, entry in config.traits.items() if entry.control}
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
