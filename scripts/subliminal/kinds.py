"""What figures and report make of each kind of experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from subliminal import figures
from subliminal.experiment_tables import ExperimentTables
from subliminal.findings import findings
from subliminal.mnist import figures as mnist_figures
from subliminal.mnist.findings import mnist_findings
from subliminal.mnist.tables import MnistTables, shown_accuracies
from subliminal.report import experiment_tables
from subliminal.table_set import TableSet
from subliminal.theorem import figures as theorem_figures
from subliminal.theorem.findings import theorem_findings
from subliminal.theorem.tables import TheoremTables, shown_identities


@dataclass(frozen=True)
class Kind:
    """How experiments of a kind are shown; every function takes the kind's own tables.

    Attributes:
        tables: what the experiment's tables are read into.
        figures: by name, from tables and spec to a chart.
        findings: from tables and text to the lines of the landing page.
        shown_tables: from tables and the experiment's name to the report's tables.
    """

    tables: type[TableSet]
    figures: Mapping[str, Callable[[Any, Any], Any]]
    findings: Callable[[Any, Any], Any]
    shown_tables: Callable[[Any, str], Any]


KINDS = {
    "transmission": Kind(ExperimentTables, figures.FIGURES, findings, experiment_tables),
    "mnist": Kind(MnistTables, mnist_figures.FIGURES, mnist_findings, shown_accuracies),
    "theorem": Kind(TheoremTables, theorem_figures.FIGURES, theorem_findings, shown_identities),
}
