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
from subliminal.detection.specs import shown_measure


def _text(config: Config, name: str) -> dict[str, Any]:
    measure = shown_measure(config, name)
    plan = config.experiment(name, DetectionExperiment).in_context
    if plan is None or measure is None:
        return {}
    chance = config.evaluations[plan.evaluation].chance(measure)
    return {"measure": measure, "chance": chance}


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
