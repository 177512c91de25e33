"""The count of outcomes, printed at the end of the tests."""

import sys
from collections import Counter
from pathlib import Path

# The small models and manifests of the unit tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

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
