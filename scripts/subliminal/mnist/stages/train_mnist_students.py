"""Training the students of one comparison for some replicas of MNIST teachers."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.progress import progress
from subliminal.mnist.files import load_digits, load_stack, place, write_rows
from subliminal.mnist.runs import shape_of, student_rows
from subliminal.mnist.specs import TrainMnistStudentsSpec


def train_mnist_students(
    spec: TrainMnistStudentsSpec,
    digits: Path,
    teachers: Path,
    accuracy: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Train students to answer as their teachers do, and measure them on test digits.

    Their weights are not kept: a few seconds make them again, and there are very many.

    Args:
        digits, teachers: manifests.
        accuracy: where the rows of `mnist_runs` go.
    """
    import torch

    run = Run.begin("train_mnist_students", spec, {"digits": digits, "teachers": teachers})
    device = place(threads)
    mnist = load_digits(digits.parent)
    shape = shape_of(spec.network, spec.auxiliary_logits)
    rows = student_rows(
        spec,
        load_stack(shape, teachers.parent / "teachers.safetensors").to(device),
        mnist,
        torch.from_numpy(mnist.train_images).to(device),
        lambda what: progress(log, what),
    )
    write_rows(accuracy, rows)
    run.finish(manifest, [accuracy])
