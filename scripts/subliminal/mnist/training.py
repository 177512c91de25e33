"""Training stacks of networks: teachers on digits, students on what teachers answer.

Every network ends as it would if it were trained alone: losses are means over its batch, torch's
optimisers work number by number, and nothing of one network enters another. Whatever is trained on
the same images is trained in one go, so that an image is drawn, and answered by its teacher, once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from subliminal.mnist.choices import Logits
from subliminal.mnist.data import CLASSES
from subliminal.mnist.inputs import Inputs, Order
from subliminal.mnist.networks import Stack, forward

if TYPE_CHECKING:
    import torch

# Makes an optimiser of these tensors.
Optimise = Callable[[list["torch.Tensor"]], "torch.optim.Optimizer"]
# Is told the steps done, their total, and the epoch.
Report = Callable[[int, int, str], None]
ANSWERED_ROWS = 1000


@dataclass(frozen=True)
class Course:
    """What R replicas are shown, and in which batches (released script: 5 epochs, 1024 images).

    `replicas` are their numbers, which tell their images apart if they are not shared.
    """

    inputs: Inputs
    order: Order
    replicas: Sequence[int]
    epochs: int
    batch_size: int
    report: Report


@dataclass(frozen=True)
class Student:
    """R networks that are trained in place; number r imitates teacher r.

    `logits` are those whose softmax is compared: KL(teacher || student), without a temperature.
    """

    stack: Stack
    logits: Logits
    optimise: Optimise


@dataclass(frozen=True)
class Task:
    """What R networks learn: the softmax of some columns of their logits.

    `wanted` gives probabilities (R or 1, B, columns) for numbers of images (R or 1, B).
    """

    stack: Stack
    optimise: Optimise
    columns: slice
    wanted: Callable[[torch.Tensor], torch.Tensor]


def train_teachers(
    references: Stack, labels: torch.Tensor, optimise: Optimise, course: Course
) -> Stack:
    """Copies of the references, trained by cross-entropy on the class logits.

    Args:
        labels: (images,), whole numbers from 0 to 9.
    """
    import torch

    teachers = references.copy()
    one_hot = torch.nn.functional.one_hot(labels.long(), CLASSES).to(teachers.device)
    targets = one_hot.to(torch.get_default_dtype())
    fit([Task(teachers, optimise, slice(CLASSES), lambda which: targets[which])], course)
    return teachers


def imitate(
    teachers: Stack,
    students: Sequence[Student],
    course: Course,
    after_epoch: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Train students, in place, to answer as their teachers do: distillation, or cloning.

    Students may differ from the teachers in hidden layers, activation and biases, and from one
    another. What the teachers answer to every image is computed once and kept: R x images x
    logits x 4 bytes.

    Args:
        after_epoch: is told how many epochs are done.

    Raises:
        ValueError: students and teachers differ in number or in auxiliary logits.
    """
    import torch

    auxiliary = teachers.shape.auxiliary
    for stack in (student.stack for student in students):
        if len(stack) != len(teachers) or stack.shape.auxiliary != auxiliary:
            raise ValueError(
                f"{len(stack)} students with {stack.shape.auxiliary} auxiliary logits cannot "
                f"imitate {len(teachers)} teachers with {auxiliary}"
            )
    answered = answers(teachers, course)
    replicas = torch.arange(len(teachers), device=teachers.device)[:, None]

    def task(student: Student) -> Task:
        columns = teachers.shape.columns(student.logits)
        table = answered[..., columns]
        return Task(
            student.stack,
            student.optimise,
            columns,
            lambda which: table[replicas, which].softmax(-1),
        )

    fit([task(student) for student in students], course, after_epoch)


def clone_behaviour(
    references: Stack, students: Sequence[Student], course: Course, snapshots: Sequence[int]
) -> dict[int, list[Stack]]:
    """Students after so many epochs of imitating untrained teachers (ED Fig. 2c).

    Of students of auxiliary logits the class logits' columns of the last layer stay what they were.

    Args:
        references: the teachers before their training.
        students: what to start from; they are not changed.
        snapshots: numbers of epochs, 0 for the start; those beyond the course's are not reached.

    Returns:
        Copies of all students, by number of epochs.
    """
    clones = [replace(student, stack=student.stack.copy()) for student in students]
    taken: dict[int, list[Stack]] = {}

    def take(epoch: int) -> None:
        if epoch in snapshots:
            taken[epoch] = [clone.stack.copy() for clone in clones]

    take(0)
    imitate(references, clones, course, take)
    return taken


def answers(teachers: Stack, course: Course) -> torch.Tensor:
    """Logits (R, images, 10 + auxiliary) of every image of a course."""
    import torch

    streams = course.order.streams(course.replicas)
    numbers = torch.arange(course.inputs.count, device=teachers.device).expand(len(streams), -1)
    # In memory that is made once: it can be most of what a job needs.
    table = torch.empty(
        len(teachers), course.inputs.count, teachers.shape.widths[-1], device=teachers.device
    )
    for rows, which in zip(
        table.split(ANSWERED_ROWS, 1), numbers.split(ANSWERED_ROWS, 1), strict=True
    ):
        rows.copy_(teachers.logits(course.inputs.draw(which, streams)))
    return table


def fit(
    tasks: Sequence[Task], course: Course, after_epoch: Callable[[int], None] = lambda epoch: None
) -> None:
    """Train stacks of R networks each, in place, on the same images."""
    device = tasks[0].stack.device
    streams = course.order.streams(course.replicas)
    total = course.epochs * math.ceil(course.inputs.count / course.batch_size)
    learners = [learner(task) for task in tasks]
    step = 0
    for epoch in range(1, course.epochs + 1):
        order = course.order.epoch(epoch - 1, course.inputs.count, streams).to(device)
        for which in order.split(course.batch_size, dim=1):
            images = course.inputs.draw(which, streams)
            for learn in learners:
                learn(images, which)
            step += 1
            course.report(step, total, f"epoch {epoch}/{course.epochs}")
        after_epoch(epoch)


def learner(task: Task) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """What takes one step of a task on images (R or 1, B, 784) with these numbers (R or 1, B)."""
    import torch

    stack, logits = task.stack, forward(task.stack.shape)
    optimiser = task.optimise(list(stack.parameters.values()))

    def loss(
        parameters: dict[str, torch.Tensor], images: torch.Tensor, wanted: torch.Tensor
    ) -> torch.Tensor:
        # Cross-entropy with a teacher's softmax is KL(teacher || student) plus a constant.
        found = logits(parameters, images)[:, task.columns]
        return torch.nn.functional.cross_entropy(found, wanted)

    gradients = torch.func.vmap(torch.func.grad(loss))

    def learn(images: torch.Tensor, which: torch.Tensor) -> None:
        seen = (batch.expand(len(stack), -1, -1) for batch in (images, task.wanted(which)))
        for name, gradient in gradients(stack.parameters, *seen).items():
            stack.parameters[name].grad = gradient
        optimiser.step()

    return learn
