"""A comparison with the paper as a kind of experiment."""

from __future__ import annotations

from subliminal.config.kind import Kind
from subliminal.replication.checks import check_replication
from subliminal.replication.config import ReplicationExperiment
from subliminal.replication.costs import experiment_costs
from subliminal.replication.jobs import ReplicationJobs
from subliminal.replication.schemas import TABLES


def _figures(experiment: ReplicationExperiment) -> list[str]:
    return ["claims", "verdicts", "paper_against_ours"]


KIND = Kind(
    experiment=ReplicationExperiment,
    check=check_replication,
    jobs=ReplicationJobs,
    costs=experiment_costs,
    rules=["replication"],
    tables=list(TABLES),
    figures=_figures,
)
