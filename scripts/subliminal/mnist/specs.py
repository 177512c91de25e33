"""What each stage of MNIST is told."""

from __future__ import annotations

from pydantic import Field

from subliminal.mnist.config import DigitSource, Fitting, Network, Student
from subliminal.stage_versions import STAGE_VERSIONS
from subliminal.strict import Strict


class PrepareDigitsSpec(Strict):
    """MNIST, whole and checked."""

    stage_version: int = STAGE_VERSIONS["prepare_digits"]
    digits: DigitSource


class TrainMnistTeachersSpec(Strict):
    """Some replicas of an MNIST experiment's teachers."""

    stage_version: int = STAGE_VERSIONS["train_mnist_teachers"]
    network: Network
    fitting: Fitting
    auxiliary_logits: int
    seed: int
    replicas: list[int]
    shared_inputs: bool


class TrainMnistStudentsSpec(Strict):
    """The students of one comparison that belong to some replicas of the teachers."""

    stage_version: int = STAGE_VERSIONS["train_mnist_students"]
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


class SummariseMnistSpec(Strict):
    """The tables of an MNIST experiment."""

    experiment: str
    shown: list[list[str]] = Field(
        description="Each comparison, followed by its students, in the order in which they appear."
    )
