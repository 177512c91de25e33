"""Teachers and students of an MNIST experiment: from what its file says to accuracies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from subliminal.artefacts.seeds import derive_seed
from subliminal.mnist.config import Cloning, Fitting, Network
from subliminal.mnist.config import Student as StudentConfig
from subliminal.mnist.data import Digits
from subliminal.mnist.inputs import DigitInputs, Inputs, NoiseInputs, Order
from subliminal.mnist.networks import Shape, Stack, accuracy, initialise
from subliminal.mnist.pairing import derangement, permutation
from subliminal.mnist.roles import REFERENCE, STUDENT, TEACHER, TEACHERS
from subliminal.mnist.specs import TrainMnistStudentsSpec, TrainMnistTeachersSpec
from subliminal.mnist.training import (
    Course,
    Optimise,
    Report,
    Student,
    clone_behaviour,
    imitate,
    train_teachers,
)

if TYPE_CHECKING:
    import torch

Spec = TrainMnistTeachersSpec | TrainMnistStudentsSpec
Progress = Callable[[str], Report]


@dataclass(frozen=True)
class Row:
    """One network's accuracy; the fields are the columns of `mnist_runs`."""

    comparison: str
    auxiliary_logits: int
    role: str
    model: str
    cloning_epochs: int | None
    replica: int
    own_initialisation: bool
    accuracy: float


def shape_of(network: Network, auxiliary_logits: int) -> Shape:
    """The shape that a network of the configuration has."""
    return Shape(tuple(network.hidden), auxiliary_logits, network.activation, biases=network.biases)


def optimise_of(fitting: Fitting) -> Optimise:
    """The optimiser that a fitting names, with torch's other defaults."""
    from torch.optim import SGD, Adam

    kind = Adam if fitting.optimiser == "adam" else SGD
    return partial(kind, lr=fitting.learning_rate, fused=True)


def course_of(
    spec: Spec, purpose: str, inputs: Inputs, fitting: Fitting, epochs: int, report: Report
) -> Course:
    """The course of a fitting, for so many epochs; each purpose has an order of its own."""
    order = Order(derive_seed("mnist", purpose, spec.seed), shared=spec.shared_inputs)
    return Course(inputs, order, spec.replicas, epochs, fitting.batch_size, report)


def references(spec: Spec, device: torch.device) -> Stack:
    """The untrained networks of the spec's replicas."""
    shape = shape_of(spec.network, spec.auxiliary_logits)
    return initialise(shape, spec.seed, spec.replicas).to(device)


def inputs_of(kind: str, purpose: str, spec: Spec, images: torch.Tensor) -> Inputs:
    """The images that students are shown: as many noise images as there are digits."""
    if kind == "digits":
        return DigitInputs(images)
    return NoiseInputs(derive_seed("mnist", "noise", purpose, spec.seed), len(images))


def teacher_rows(spec: TrainMnistTeachersSpec, teachers: Stack, digits: Digits) -> Iterator[Row]:
    """Accuracies of references and teachers."""
    untrained = references(spec, teachers.device)
    for role, stack in ((REFERENCE, untrained), (TEACHER, teachers)):
        yield from _rows(TEACHERS, role, role, None, spec, spec.replicas, stack, digits)


def trained_teachers(
    spec: TrainMnistTeachersSpec, images: torch.Tensor, labels: torch.Tensor, progress: Progress
) -> Stack:
    """Teachers: the references, trained on digits by their class logits alone."""
    fitting, report = spec.fitting, progress("teachers, step")
    course = course_of(spec, "teachers", DigitInputs(images), fitting, fitting.epochs, report)
    return train_teachers(references(spec, images.device), labels, optimise_of(fitting), course)


@dataclass(frozen=True)
class Waiting:
    """A student that waits to be distilled."""

    name: str
    config: StudentConfig
    cloning_epochs: int | None
    start: Sequence[int]
    stack: Stack


def student_rows(
    spec: TrainMnistStudentsSpec,
    teachers: Stack,
    digits: Digits,
    images: torch.Tensor,
    progress: Progress,
) -> Iterator[Row]:
    """Train every student of the comparison, and give their accuracies.

    Students on the same inputs with the same schedule are trained together.
    """
    waiting = list(_before_distillation(spec, images, progress))

    def together(student: Waiting) -> str:
        fitting = student.config.fitting or spec.fitting
        return repr((student.config.inputs, fitting.epochs, fitting.batch_size))

    for _, group in groupby(sorted(waiting, key=together), key=together):
        members = list(group)
        fitting = members[0].config.fitting or spec.fitting
        inputs = inputs_of(members[0].config.inputs, "distillation", spec, images)
        report = progress(f"{len(members)} students each, step")
        students = [
            Student(c.stack, c.config.logits, optimise_of(c.config.fitting or spec.fitting))
            for c in members
        ]
        imitate(
            teachers,
            students,
            course_of(spec, "distillation", inputs, fitting, fitting.epochs, report),
        )
    for c in waiting:
        yield from _rows(
            spec.comparison, STUDENT, c.name, c.cloning_epochs, spec, c.start, c.stack, digits
        )


def _start(spec: TrainMnistStudentsSpec, student: StudentConfig) -> list[int]:
    """Whose initial weights the students have, replica by replica."""
    if student.initialisation == "same" or spec.all_replicas is None:
        return spec.replicas
    draw = permutation if student.initialisation == "permuted" else derangement
    whose = draw(spec.all_replicas, spec.seed)
    return [whose[replica] for replica in spec.replicas]


def _before_distillation(
    spec: TrainMnistStudentsSpec, images: torch.Tensor, progress: Progress
) -> Iterator[Waiting]:
    """The students before distillation, cloned where the configuration says so."""
    starts = {name: _start(spec, student) for name, student in spec.students.items()}
    stacks = {
        name: initialise(
            shape_of(student.network or spec.network, spec.auxiliary_logits),
            spec.seed,
            starts[name],
        ).to(images.device)
        for name, student in spec.students.items()
    }
    for name, student in spec.students.items():
        if student.cloning is None:
            yield Waiting(name, student, None, starts[name], stacks[name])
    cloned = {name: s.cloning for name, s in spec.students.items() if s.cloning is not None}
    for cloning, names in _alike(cloned):
        optimise = optimise_of(spec.fitting)
        inputs = inputs_of(cloning.inputs, "cloning", spec, images)
        report = progress(f"cloning {cloning.logits} logits on {cloning.inputs}, step")
        taken = clone_behaviour(
            references(spec, images.device),
            [Student(stacks[name], cloning.logits, optimise) for name in names],
            course_of(spec, "cloning", inputs, spec.fitting, max(cloning.epochs), report),
            cloning.epochs,
        )
        for epochs, students in sorted(taken.items()):
            for name, stack in zip(names, students, strict=True):
                yield Waiting(name, spec.students[name], epochs, starts[name], stack)


def _alike(cloned: Mapping[str, Cloning]) -> Iterable[tuple[Cloning, list[str]]]:
    """The students that are cloned alike, which is done at one go."""
    groups: dict[str, list[str]] = {}
    for name, cloning in cloned.items():
        groups.setdefault(cloning.model_dump_json(), []).append(name)
    return [(cloned[names[0]], names) for names in groups.values()]


def _rows(
    comparison: str,
    role: str,
    model: str,
    cloning_epochs: int | None,
    spec: Spec,
    start: Sequence[int],
    stack: Stack,
    digits: Digits,
) -> Iterator[Row]:
    import torch

    shares = accuracy(
        stack, torch.from_numpy(digits.test_images), torch.from_numpy(digits.test_labels)
    )
    for replica, own, share in zip(spec.replicas, start, shares.tolist(), strict=True):
        yield Row(
            comparison,
            spec.auxiliary_logits,
            role,
            model,
            cloning_epochs,
            replica,
            replica == own,
            share,
        )
