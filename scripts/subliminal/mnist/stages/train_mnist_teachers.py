"""Training some replicas of MNIST teachers."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.progress import progress
from subliminal.mnist.files import load_digits, place, save_stack, write_rows
from subliminal.mnist.runs import teacher_rows, trained_teachers
from subliminal.mnist.specs import TrainMnistTeachersSpec


def train_mnist_teachers(
    spec: TrainMnistTeachersSpec,
    digits: Path,
    teachers: Path,
    accuracy: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Train teachers on digits, and measure them and the references that they started from.

    Args:
        digits: manifest beside the digits.
        teachers: where the weights go.
        accuracy: where the rows of `mnist_runs` go.
    """
    import torch

    run = Run.begin("train_mnist_teachers", spec, {"digits": digits})
    device = place(threads)
    mnist = load_digits(digits.parent)
    stack = trained_teachers(
        spec,
        torch.from_numpy(mnist.train_images).to(device),
        torch.from_numpy(mnist.train_labels),
        lambda what: progress(log, what),
    )
    save_stack(stack, teachers)
    write_rows(accuracy, teacher_rows(spec, stack, mnist))
    run.finish(manifest, [teachers, accuracy])
