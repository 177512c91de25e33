"""How the report shows an MNIST experiment."""

from __future__ import annotations

from subliminal.mnist.findings import mnist_findings, mnist_headline
from subliminal.mnist.tables import MnistTables, shown_accuracies
from subliminal.report.page import Shown

SHOWN = Shown(MnistTables, mnist_headline, mnist_findings, shown_accuracies)
