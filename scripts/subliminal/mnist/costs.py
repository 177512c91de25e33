"""The cost of an MNIST experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import ceil

from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.mnist.config import Fitting, MnistExperiment, Network, Student
from subliminal.mnist.data import CLASSES, PIXELS

# Share of the rate of a large matrix product, and seconds to dispatch a step's operations: from
# the manifests of `mnist`, on a core of 70 GFLOP/s.
EFFICIENCY = 0.5
STEP_SECONDS = 0.003
TRAIN_IMAGES = 60_000
DIGITS_SECONDS = 3.0
SUMMARY_SECONDS = 0.5
MEMORY_MB = 2000
DIGITS_BYTES = 55e6


def forward_flop(network: Network, auxiliary_logits: int) -> int:
    """Operations of one image on its way through the network."""
    return 2 * sum(
        a * b for a, b in pairwise([PIXELS, *network.hidden, CLASSES + auxiliary_logits])
    )


def fitting(network: Network, m: int, plan: Fitting, epochs: int, replicas: int) -> Work:
    """Some replicas of a network, fitted for so many epochs.

    Backward is twice as much as forward, but for images, which have no gradient.
    """
    flop = 3 * forward_flop(network, m) - 2 * PIXELS * network.hidden[0]
    steps = epochs * ceil(TRAIN_IMAGES / plan.batch_size)
    return Work(epochs * TRAIN_IMAGES * replicas * flop / EFFICIENCY, steps * STEP_SECONDS)


def student_work(entry: MnistExperiment, student: Student, m: int, replicas: int) -> Work:
    """Cloning, if there is any, and a distillation of what is set aside in it."""
    network, plan = student.network or entry.network, student.fitting or entry.fitting
    aside = student.cloning.epochs if student.cloning else [0]
    cloned = fitting(network, m, entry.fitting, max(aside), replicas)
    return cloned.plus(fitting(network, m, plan, len(aside) * plan.epochs, replicas))


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures; teachers of several comparisons appear more than once."""
    entry, folder = config.experiment(name, MnistExperiment), f"results/mnist/{name}"

    def cost(rule: str, model: str, path: str, work: Work, disk: float = 0) -> JobCost:
        manifest, accelerated = f"{folder}/{path}/manifest.json", rule != "prepare_digits"
        return JobCost(rule, model, manifest, work, accelerated, MEMORY_MB, 0.0, disk)

    yield cost("prepare_digits", "", "digits", Work(seconds=DIGITS_SECONDS), DIGITS_BYTES)
    for comparison, compared in entry.comparisons.items():
        for m in compared.auxiliary_logits:
            for part, first in enumerate(range(0, entry.replicas, entry.replicas_per_job)):
                replicas = min(entry.replicas_per_job, entry.replicas - first)
                path = f"m{m}/part{part}"
                work = fitting(entry.network, m, entry.fitting, entry.fitting.epochs, replicas)
                disk = 2.0 * replicas * forward_flop(entry.network, m)
                yield cost("train_mnist_teachers", f"m{m}", path, work, disk)
                work = Work()
                for student in compared.students.values():
                    work = work.plus(student_work(entry, student, m, replicas))
                yield cost("train_mnist_students", f"m{m}", f"{path}/{comparison}", work)
    manifest = f"results/tables/{name}/manifest.json"
    yield JobCost("summarise_mnist", "", manifest, Work(seconds=SUMMARY_SECONDS))
