"""How the report shows a detection experiment."""

from __future__ import annotations

from subliminal.detection.findings import detection_findings, detection_headline
from subliminal.detection.tables import DetectionTables, shown_tables
from subliminal.report.page import Shown

SHOWN = Shown(DetectionTables, detection_headline, detection_findings, shown_tables)
