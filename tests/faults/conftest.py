"""The count of outcomes, printed at the end of the tests; and bases to damage."""

import sys
from collections import Counter
from pathlib import Path

# The small models and manifests of the unit tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

import pytest
from outcomes import PROPERTY, Outcome


def pytest_terminal_summary(terminalreporter):
    counts = Counter(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    )
    if counts:
        told = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
        terminalreporter.section("faults")
        terminalreporter.write_line(f"{counts.total()} faults: {told}")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A sound base as one file and as shards; what is imported for one is imported for all."""
    from base_runs import make, use
    from bases_fixture import published, tiny_llama

    folder, model = tmp_path_factory.mktemp("sound"), tiny_llama()
    published(folder / "whole", model)
    published(folder / "shards", model, shard="20KB")
    make(folder / "whole", folder / "results/models/tiny")
    use(folder / "results/models/tiny")
    return folder


@pytest.fixture
def short_limits(monkeypatch):
    """Two seconds and little memory for what a tiny tokenizer and template do in moments."""
    from subliminal.bases import child

    monkeypatch.setattr(child, "SECONDS", 2)
    monkeypatch.setattr(child, "MEMORY", 600_000_000)
