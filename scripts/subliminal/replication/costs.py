"""The cost of a comparison, for estimates: what it compares counts by itself."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work

SECONDS = 2.0


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """The one job but figures."""
    manifest = f"results/tables/{name}/manifest.json"
    yield JobCost("compare_with_paper", "", manifest, Work(seconds=SECONDS))
