"""How the report shows a comparison with the paper."""

from __future__ import annotations

from subliminal.replication.findings import replication_findings, replication_headline
from subliminal.replication.tables import ReplicationTables, shown_tables
from subliminal.report.page import Shown

SHOWN = Shown(ReplicationTables, replication_headline, replication_findings, shown_tables)
