"""MNIST as a kind of experiment."""

from __future__ import annotations

from subliminal.config.kind import Kind
from subliminal.mnist.checks import check_digits
from subliminal.mnist.config import MnistExperiment
from subliminal.mnist.costs import experiment_costs
from subliminal.mnist.jobs import MnistJobs
from subliminal.mnist.schemas import TABLES


def _figures(experiment: MnistExperiment) -> list[str]:
    return [str(name) for name in experiment.comparisons]


KIND = Kind(
    experiment=MnistExperiment,
    check=check_digits,
    jobs=MnistJobs,
    costs=experiment_costs,
    rules=["mnist"],
    tables=list(TABLES),
    figures=_figures,
)
