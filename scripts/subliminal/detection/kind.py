"""Detection as a kind of experiment."""

from __future__ import annotations

from typing import Any

from subliminal.config.config import Config
from subliminal.config.kind import Kind
from subliminal.detection.checks import check_detection
from subliminal.detection.config import DetectionExperiment
from subliminal.detection.costs import experiment_costs
from subliminal.detection.jobs import DetectionJobs
from subliminal.detection.schemas import TABLES


def _text(config: Config, name: str) -> dict[str, Any]:
    entry = config.experiment(name, DetectionExperiment)
    measure = entry.primary_measure(config)
    return {} if measure is None else {"measure": measure, "chance": entry.chance(config)}


def _figures(experiment: DetectionExperiment) -> list[str]:
    return experiment.analyses


KIND = Kind(
    experiment=DetectionExperiment,
    check=check_detection,
    jobs=DetectionJobs,
    costs=experiment_costs,
    rules=["detection"],
    tables=list(TABLES),
    figures=_figures,
    text=_text,
)
