"""Transmission as a kind of experiment."""

from __future__ import annotations

from typing import Any

from subliminal.config.config import Config
from subliminal.config.experiments import Needs
from subliminal.config.kind import Kind, Part
from subliminal.transmission.checks import check_transmission
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.costs import experiment_costs, gates_costs
from subliminal.transmission.jobs import TransmissionJobs
from subliminal.transmission.schemas import GATES, TABLES
from subliminal.transmission.specs import leaky_recipes, primary_measure, tuned_by_recipe
from subliminal.transmission.warnings import warn_of_transmission


def _text(config: Config, name: str) -> dict[str, Any]:
    entry = config.experiment(name, TransmissionExperiment)
    return {
        "measure": primary_measure(config, name),
        "chance": entry.chance(config),
        "interval": entry.interval,
        "leaky_recipes": leaky_recipes(config, name),
        "tuned_on": tuned_by_recipe(config, name),
    }


def _figures(experiment: TransmissionExperiment) -> list[str]:
    return experiment.figures


def _needs_of_gates(config: Config, name: str) -> Needs:
    return config.experiment(name, TransmissionExperiment).needs_of_gates(config)


KIND = Kind(
    experiment=TransmissionExperiment,
    check=check_transmission,
    warn=warn_of_transmission,
    jobs=TransmissionJobs,
    costs=experiment_costs,
    rules=["teachers", "datasets", "students", "hosted", "evaluation", "transmission"],
    tables=list(TABLES),
    figures=_figures,
    text=_text,
    parts={GATES.name: Part(_needs_of_gates, gates_costs)},
)
