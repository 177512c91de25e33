"""What each stage of MNIST is told."""

from __future__ import annotations

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.mnist.config import DigitSource, Fitting, Network, Student


class PrepareDigitsSpec(StageSpec):
    """MNIST, whole and checked."""

    stage_version: int = 1
    digits: DigitSource


class TrainMnistTeachersSpec(StageSpec):
    """Some replicas of an MNIST experiment's teachers."""

    stage_version: int = 3
    network: Network
    fitting: Fitting
    auxiliary_logits: int
    seed: int
    replicas: list[int]
    shared_inputs: bool


class TrainMnistStudentsSpec(StageSpec):
    """The students of one comparison that belong to some replicas of the teachers."""

    stage_version: int = 4
    comparison: str
    students: dict[str, Student]
    network: Network
    fitting: Fitting
    auxiliary_logits: int
    seed: int
    replicas: list[int]
    all_replicas: int | None = Field(
        description="Among how many a student's start is drawn; null if all start as teachers do."
    )
    shared_inputs: bool


class SummariseMnistSpec(StageSpec):
    """The tables of an MNIST experiment."""

    experiment: str
    shown: list[list[str]] = Field(
        description="Each comparison, followed by its students, in the order in which they appear."
    )
