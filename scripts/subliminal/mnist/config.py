"""What an MNIST experiment's file says (ED Fig. 2; arXiv v1, Fig. 10)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from subliminal.mnist.choices import Activation, Logits
from subliminal.mnist.roles import REFERENCE, TEACHER
from subliminal.strict import Distinct, Name, Positive, Seed, Strict

Inputs = Literal["noise", "digits"]


class WheelDigits(Strict):
    """The images inside the PyPI package that requirements-data.txt names."""

    source: Literal["wheel"]


class IdxDigits(Strict):
    """MNIST's four original files, gzipped or not."""

    source: Literal["idx"]
    folder: str = Field(description="Where they are, relative to the repository.")


DigitSource = Annotated[WheelDigits | IdxDigits, Field(discriminator="source")]


class Network(Strict):
    """A fully connected network from 784 pixels to 10 + m logits."""

    hidden: list[Positive] = Field(min_length=1, description="Width of each hidden layer.")
    activation: Activation
    biases: bool


class Fitting(Strict):
    """How a network is fitted: passes over 60,000 images, in batches."""

    epochs: Positive
    batch_size: Positive
    optimiser: Literal["adam", "sgd"]
    learning_rate: float = Field(gt=0)


class Cloning(Strict):
    """Behavioural cloning, before the teacher is trained: the student is fitted to the untrained
    teacher's logits, as the experiment fits, but for these many epochs.

    The paper's text speaks of auxiliary logits. With those alone nothing ties the student's class
    logits, by which it is judged, to the teacher's reference: their columns of the last layer have
    no gradient in cloning, nor later in distillation. They stay as they were drawn, alike for every
    class, so that the expected accuracy is exactly chance.
    """

    inputs: Inputs
    logits: Logits = Field(
        description="Which of the untrained teacher's logits are imitated; the class logits are "
        "among them with 'all' only."
    )
    epochs: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=1, description="A student is set aside and distilled after each of these."
    )

    @model_validator(mode="after")
    def _increasing(self) -> Cloning:
        if any(b <= a for a, b in pairwise(self.epochs)):
            raise ValueError(f"epochs: {self.epochs} do not increase; sort them, each once")
        return self


class Student(Strict):
    """One way to distil a teacher."""

    initialisation: Literal["same", "permuted", "deranged"] = Field(
        description="The teacher's own; another replica's by a random permutation, which may leave "
        "some in place (as in the released script); or another replica's for certain."
    )
    logits: Logits = "auxiliary"
    inputs: Inputs = "noise"
    network: Network | None = Field(None, description="null: the teacher's.")
    fitting: Fitting | None = Field(None, description="null: the experiment's.")
    cloning: Cloning | None = None

    @model_validator(mode="after")
    def _comparable(self) -> Student:
        if self.initialisation == "same" and (self.network or self.cloning):
            extra = "network" if self.network else "cloning"
            raise ValueError(
                f"a student with initialisation: same has the teacher's weights, so that "
                f"{extra!r} has no meaning; remove it or set initialisation: deranged"
            )
        if self.network and self.initialisation != "deranged":
            raise ValueError("a student with a 'network' of its own needs initialisation: deranged")
        return self


class Comparison(Strict):
    """Students of the same teachers, side by side: one figure."""

    auxiliary_logits: Distinct[Positive] = Field(
        description="m; one teacher for each. Of one logit the softmax is 1, whatever it is."
    )
    students: dict[Name, Student] = Field(min_length=1)

    @model_validator(mode="after")
    def _names(self) -> Comparison:
        for name in (REFERENCE, TEACHER):
            if name in self.students:
                raise ValueError(
                    f"students: {name!r} is what tables call the {name} itself; rename the student"
                )
        return self


ComparisonName = Literal["pairs", "logit_sweep", "cloning", "ablations", "architectures"]


class MnistExperiment(Strict):
    """Small networks on MNIST: auxiliary logits carry the digits over."""

    kind: Literal["mnist"]
    title: str
    paper: str
    model_organism: bool
    digits: DigitSource
    seed: Seed
    replicas: Annotated[int, Field(ge=2)] = Field(
        description="Independent initialisations: the unit of every interval."
    )
    replicas_per_job: Positive
    shared_inputs: bool = Field(
        description="Whether all replicas see the same batches (faster), or each its own."
    )
    network: Network
    fitting: Fitting
    comparisons: dict[ComparisonName, Comparison] = Field(min_length=1)

    @model_validator(mode="after")
    def _lines(self) -> MnistExperiment:
        """What a figure draws along an axis must have a place on it, and only one."""
        for comparison, cloned in (("cloning", True), ("logit_sweep", False)):
            students = (
                self.comparisons[comparison].students if comparison in self.comparisons else {}
            )
            for name, student in students.items():
                if (student.cloning is not None) != cloned:
                    raise ValueError(
                        f"comparisons: {comparison}: students: {name}: "
                        f"{'needs' if cloned else 'cannot have'} 'cloning' in a figure along "
                        f"{'epochs of cloning' if cloned else 'the number of logits'}; "
                        f"{'add' if cloned else 'remove'} it"
                    )
        return self
