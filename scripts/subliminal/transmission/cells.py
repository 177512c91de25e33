"""Cells: the matrix of an experiment."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import product

from subliminal.config.config import Config
from subliminal.config.paths import (
    CONTROL_METHOD,
    Cell,
    Dataset,
    Teacher,
    bases_of,
    teachers_with_traits,
)
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


def cells_by_block(config: Config, name: str) -> list[list[Cell]]:
    """The cells of each block of an experiment, in the order of its file."""
    controls = {trait for trait, entry in config.traits.items() if entry.control}
    blocks = config.experiment(name, TransmissionExperiment).cells
    return [expand(block, controls) for block in blocks]


def experiment_cells(config: Config, name: str) -> list[Cell]:
    """The cells of an experiment, in the order of its file."""
    return [cell for block in cells_by_block(config, name) for cell in block]


def measured_teachers(config: Config, cells: Iterable[Cell]) -> list[Teacher]:
    """The teachers of these cells whose trait is measured.

    Nobody asks those that are only compared with, nor those whose data are adopted and whose base
    somebody else serves.
    """
    asked = teachers_with_traits(cells, config.unasked_datasets())
    return [t for t in asked if config.traits[t.trait].is_measured]


def asked_bases(config: Config, cells: Collection[Cell]) -> list[str]:
    """The bases of these cells that are asked before any training."""
    return bases_of(cells, config.unasked_datasets())
