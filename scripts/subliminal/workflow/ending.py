"""The last lines of a run: what was found, where the report is, and what to type next."""

from __future__ import annotations

import textwrap
from pathlib import Path

from subliminal.artefacts.verified import read_manifest
from subliminal.report.specs import BuildReportSpec

COLUMNS = 100
INDENT = "  "


def last_lines(report: Path, with_findings: bool) -> list[str]:
    """What to say of a report in this folder; nothing if there is none.

    Raises:
        ConfigError: results are not what their manifests say.
    """
    if not report.is_file():
        return []
    return [
        *(_findings(report) if with_findings else []),
        "",
        f"The report has all findings, figures and tables: {report.absolute().as_uri()}",
        "Next: make verify checks every result; make estimate lists the experiments.",
    ]


def _findings(report: Path) -> list[str]:
    from subliminal.workflow.results_page import Computed

    written = read_manifest(report.with_suffix(".manifest.json"))
    lines = []
    for text in BuildReportSpec.model_validate(written["spec"]).experiments:
        found = Computed.read(text, Path("results") / "tables" / text.name).headline().sentence
        lines += [
            "",
            f"{text.title}:",
            *textwrap.wrap(found, COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT),
        ]
    return lines
