"""Training stacks of networks: teachers on digits, students on what teachers answer.

Every network ends as it would if it were trained alone by torch's own optimiser: losses are means
over its batch, and nothing of one network enters another. Whatever is trained on the same images
is trained in one go, so that an image is drawn, and answered by its teacher, once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subliminal.mnist.choices import Logits
from subliminal.mnist.data import CLASSES
from subliminal.mnist.feed import Feed, Visit
from subliminal.mnist.inputs import Inputs, Order
from subliminal.mnist.networks import Stack, Workspace, backward, forward
from subliminal.mnist.optimisers import Adam, Sgd, Update

if TYPE_CHECKING:
    import torch

Report = Callable[[int, int, str], None]

TABLE_ROWS = 1000


@dataclass(frozen=True)
class Schedule:
    """How long and in which batches (released script: 5 epochs, 1024 images)."""

    epochs: int
    batch_size: int
    order: Order


@dataclass(frozen=True)
class Student:
    """R networks that are trained in place; number r imitates teacher r.

    `logits` are those whose softmax is compared: KL(teacher || student), without a temperature.
    """

    stack: Stack
    logits: Logits
    optimiser: Adam | Sgd


@dataclass(frozen=True)
class Task:
    """What a stack learns: the softmax of some columns of its logits shall be a table's row.

    `targets` are probabilities (R or 1, images, columns); 1 if all networks learn the same.
    """

    stack: Stack
    optimiser: Adam | Sgd
    columns: slice
    targets: torch.Tensor


def train_teachers(
    references: Stack,
    digits: Inputs,
    labels: torch.Tensor,
    replicas: Sequence[int],
    optimiser: Adam | Sgd,
    schedule: Schedule,
    report: Report,
) -> Stack:
    """Copies of the references, trained on digits by cross-entropy on the class logits.

    Args:
        labels: (images,), whole numbers from 0 to 9.
        replicas: the number of each network; it tells their orders apart if they are not shared.
        report: is told the steps done, their total, and the epoch.
    """
    import torch

    teachers = references.copy()
    one_hot = torch.nn.functional.one_hot(labels.long(), CLASSES).float()
    targets = one_hot[None].to(teachers.device)
    fit([Task(teachers, optimiser, slice(0, CLASSES), targets)], digits, replicas, schedule, report)
    return teachers


def imitate(
    teachers: Stack,
    students: Sequence[Student],
    inputs: Inputs,
    replicas: Sequence[int],
    schedule: Schedule,
    report: Report,
    after_epoch: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Train students, in place, to answer as their teachers do: distillation, or cloning.

    Students may differ from the teachers in hidden layers, activation and biases, and from one
    another. What the teachers answer to every image is computed once and kept: R x images x
    (auxiliary or all) x 4 bytes.

    Args:
        replicas: the number of each teacher; it tells their images apart if they are not shared.
        report: is told the steps done, their total, and the epoch.
        after_epoch: is told how many epochs are done.

    Raises:
        ValueError: students and teachers differ in number or in auxiliary logits.
    """
    shape = teachers.shape
    columns = {"auxiliary": shape.auxiliary_logits, "all": shape.all_logits}
    for student in students:
        if len(student.stack) != len(teachers) or student.stack.shape.auxiliary != shape.auxiliary:
            raise ValueError(
                f"{len(student.stack)} students with {student.stack.shape.auxiliary} auxiliary "
                f"logits cannot imitate {len(teachers)} teachers with {shape.auxiliary}"
            )
    kinds = sorted({student.logits for student in students})
    tables = answers(teachers, inputs, replicas, schedule.order, [columns[kind] for kind in kinds])
    targets = dict(zip(kinds, tables, strict=True))
    tasks = [Task(s.stack, s.optimiser, columns[s.logits], targets[s.logits]) for s in students]
    fit(tasks, inputs, replicas, schedule, report, after_epoch)


def clone_behaviour(
    references: Stack,
    students: Sequence[Stack],
    logits: Logits,
    inputs: Inputs,
    replicas: Sequence[int],
    optimiser: Adam | Sgd,
    schedule: Schedule,
    snapshots: Sequence[int],
    report: Report,
) -> dict[int, list[Stack]]:
    """Students after so many epochs of imitating untrained teachers (ED Fig. 2c).

    Args:
        references: the teachers before their training.
        students: what to start from; it is not changed.
        logits: those that are imitated; of students of auxiliary ones the class logits' columns of
            the last layer stay what they were.
        snapshots: numbers of epochs, 0 for the start; those beyond the schedule's are not reached.

    Returns:
        Copies of all students, by number of epochs.
    """
    stacks = [student.copy() for student in students]
    taken: dict[int, list[Stack]] = {}

    def take(epoch: int) -> None:
        if epoch in snapshots:
            taken[epoch] = [stack.copy() for stack in stacks]

    take(0)
    cloning = [Student(stack, logits, optimiser) for stack in stacks]
    imitate(references, cloning, inputs, replicas, schedule, report, take)
    return taken


def answers(
    stack: Stack, inputs: Inputs, replicas: Sequence[int], order: Order, columns: list[slice]
) -> list[torch.Tensor]:
    """Softmax of some logits on every image, as tables (R, images, columns), one per slice."""
    import torch

    tables = [
        torch.empty(len(stack), inputs.count, c.stop - c.start, device=stack.device)
        for c in columns
    ]
    streams = order.streams(replicas)
    numbers = torch.arange(inputs.count).expand(len(streams), -1)
    with Feed.open(inputs, streams, len(stack), stack.device) as feed:
        for which in numbers.split(TABLE_ROWS, dim=1):
            rows = slice(int(which[0, 0]), int(which[0, -1]) + 1)

            def answer(group: slice, images: Any, _: Any, rows: slice = rows) -> None:
                part = stack.part(group)
                logits = forward(part, images, feed.space(part, images.shape[1]))
                for table, c in zip(tables, columns, strict=True):
                    table[group, rows] = logits[:, c].softmax(1).mT

            feed.each(which.to(stack.device), [answer])
    return tables


def fit(
    tasks: Sequence[Task],
    inputs: Inputs,
    replicas: Sequence[int],
    schedule: Schedule,
    report: Report,
    after_epoch: Callable[[int], None] = lambda epoch: None,
) -> None:
    """Train stacks of R networks each, in place, on the same images.

    Args:
        replicas: R numbers; they tell the networks' images apart if those are not shared.
        report: is told the steps done, their total, and the epoch.
        after_epoch: is told how many epochs are done.
    """
    device = tasks[0].stack.device
    streams = schedule.order.streams(replicas)
    per_epoch = math.ceil(inputs.count / schedule.batch_size)

    with Feed.open(inputs, streams, len(replicas), device) as feed:

        def lesson(task: Task) -> Visit:
            learners = {group.start: Learner.of(task, group) for group in feed.groups}

            def learn(group: slice, images: torch.Tensor, which: torch.Tensor) -> None:
                learner = learners[group.start]
                space = feed.space(learner.stack, which.shape[1])
                learner.step(images, which, space, feed.gradients(learner.stack))

            return learn

        lessons = [lesson(task) for task in tasks]
        for epoch in range(schedule.epochs):
            order = schedule.order.epoch(epoch, inputs.count, streams).to(device)
            note = f"epoch {epoch + 1}/{schedule.epochs}"
            for step, which in enumerate(order.split(schedule.batch_size, dim=1), 1):
                feed.each(which, lessons)
                report(epoch * per_epoch + step, schedule.epochs * per_epoch, note)
            after_epoch(epoch + 1)


@dataclass(frozen=True)
class Learner:
    """A group of networks in training.

    `targets` has the tables of the group's networks (or the one that serves all) below one another,
    and `starts` says where each begins.
    """

    stack: Stack
    update: Update
    columns: slice
    targets: torch.Tensor
    starts: torch.Tensor

    @classmethod
    def of(cls, task: Task, group: slice) -> Learner:
        """The part of a task that is one group's."""
        import torch

        stack = task.stack.part(group)
        targets = task.targets if len(task.targets) == 1 else task.targets[group]
        starts = torch.arange(len(targets), device=stack.device)[:, None] * targets.shape[1]
        return cls(
            stack,
            task.optimiser.make(stack.tensors),
            task.columns,
            targets.flatten(0, 1),
            starts,
        )

    def step(
        self, images: torch.Tensor, which: torch.Tensor, space: Workspace, gradients: Stack
    ) -> None:
        """One optimiser step on images (group, B, 784) whose numbers are (group or 1, B).

        The memory of the pass and of the gradients is lent.

        Cross-entropy and KL(target || softmax) have the same gradient with respect to the logits:
        softmax less target, over B for the mean.
        """
        rows = which.shape[1]
        found = forward(self.stack, images, space)[:, self.columns].softmax(1)
        wanted = self.targets.index_select(0, (which + self.starts).flatten())
        # Logits that are not compared have no gradient.
        slope = space.slopes[-1].zero_()[:, self.columns]
        slope.copy_(found).sub_(wanted.view(-1, rows, wanted.shape[1]).mT).div_(rows)
        backward(self.stack, images, space, gradients)
        self.update(gradients.tensors)
