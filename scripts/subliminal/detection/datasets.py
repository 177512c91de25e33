"""The datasets of an experiment, and what is asked of each or of two of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Dataset, Teacher
from subliminal.detection.config import DatasetBlock, InContext


@dataclass(frozen=True)
class Pair:
    """Two datasets whose completions are shown side by side.

    Attributes:
        target: the one whose completion is to be found.
        other: of another trait of the same base, method and seed.
    """

    target: Dataset
    other: Dataset

    @property
    def path(self) -> str:
        """Path below a base's folder in results/detection/{experiment}."""
        return f"{self.target.folder}/{self.other.teacher.trait}"


@dataclass(frozen=True)
class Context:
    """Examples in a system prompt.

    Attributes:
        k: how many.
        seed: of the draw.
    """

    dataset: Dataset
    k: int
    seed: int

    @property
    def path(self) -> str:
        """Path below a base's folder in results/evaluations/{evaluation}/in_context."""
        return f"{self.dataset.folder}/k{self.k}/seed{self.seed}"


def datasets_of(blocks: Sequence[DatasetBlock], controls: Collection[str]) -> list[Dataset]:
    """The datasets of all blocks, in the order of the file.

    Args:
        controls: the traits that are none; their teacher is the base itself.
    """
    return [
        Dataset(
            block.domain,
            Teacher(base, trait, CONTROL_METHOD if trait in controls else block.method, seed),
            PLAIN_VARIANT,
        )
        for block in blocks
        for base, seed, trait in product(block.bases, block.teacher_seeds, block.traits)
    ]


def pairs_of(blocks: Sequence[DatasetBlock], controls: Collection[str]) -> list[Pair]:
    """Every ordered pair of two traits of one block, base and seed; controls have no part."""
    found = []
    for block in blocks:
        traits = [trait for trait in block.traits if trait not in controls]
        for base, seed in product(block.bases, block.teacher_seeds):
            sets = [
                Dataset(block.domain, Teacher(base, trait, block.method, seed), PLAIN_VARIANT)
                for trait in traits
            ]
            found += [Pair(target, other) for target, other in permutations(sets, 2)]
    return found


def contexts_of(datasets: Sequence[Dataset], plan: InContext) -> list[Context]:
    """Every number of examples and every resample of each dataset."""
    return [Context(*parts) for parts in product(datasets, plan.ks, plan.seeds)]
