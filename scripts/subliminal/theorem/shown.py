"""How the report shows a theorem experiment."""

from __future__ import annotations

from subliminal.report.page import Shown
from subliminal.theorem.findings import theorem_findings, theorem_headline
from subliminal.theorem.tables import TheoremTables, shown_identities

SHOWN = Shown(TheoremTables, theorem_headline, theorem_findings, shown_identities)
