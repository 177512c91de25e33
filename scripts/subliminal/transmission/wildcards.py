"""From the wildcards of a job to teachers, datasets and cells."""

from __future__ import annotations

from subliminal.config.paths import Cell, Dataset, Teacher
from subliminal.config.wildcards import Wildcards


def teacher_of(wildcards: Wildcards) -> Teacher:
    """The teacher that a job's wildcards name."""
    return Teacher(wildcards.base, wildcards.trait, wildcards.method, int(wildcards.teacher_seed))


def dataset_of(wildcards: Wildcards) -> Dataset:
    """The dataset that a job's wildcards name."""
    return Dataset(wildcards.domain, teacher_of(wildcards), wildcards.variant)


def cell_of(wildcards: Wildcards) -> Cell:
    """The cell, and so the student, that a job's wildcards name."""
    w = wildcards
    return Cell(dataset_of(w), w.student, w.recipe, int(w.seed))
