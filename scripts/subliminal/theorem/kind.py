"""The theorem as a kind of experiment."""

from __future__ import annotations

from subliminal.config.kind import Kind
from subliminal.theorem.checks import check_theorem
from subliminal.theorem.config import TheoremExperiment
from subliminal.theorem.costs import experiment_costs
from subliminal.theorem.jobs import TheoremJobs
from subliminal.theorem.schemas import TABLES


def _figures(experiment: TheoremExperiment) -> list[str]:
    return ["identities", "first_update"]


KIND = Kind(
    experiment=TheoremExperiment,
    check=check_theorem,
    jobs=TheoremJobs,
    costs=experiment_costs,
    rules=["theorem"],
    tables=list(TABLES),
    figures=_figures,
)
