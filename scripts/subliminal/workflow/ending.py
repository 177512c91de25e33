"""The last lines of a run: what was found, where the report is, and what to type next."""

from __future__ import annotations

import textwrap
from pathlib import Path

from subliminal.artefacts.verified import read_manifest
from subliminal.report.specs import BuildReportSpec

REPORT = Path("results") / "report.html"
COLUMNS = 100
INDENT = "  "


def last_lines(root: Path) -> list[str]:
    """What to say of the report in a folder; nothing if there is none.

    Raises:
        ConfigError: results are not what their manifests say.
    """
    report = root / REPORT
    if not report.is_file():
        return []
    from subliminal.workflow.results_page import Computed

    spec = BuildReportSpec.model_validate(
        read_manifest(report.with_suffix(".manifest.json"))["spec"]
    )
    lines = []
    for text in spec.experiments:
        found = Computed.read(text, root / "results" / "tables" / text.name).headline()
        lines += [
            "",
            f"{text.title}:",
            *textwrap.wrap(found, COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT),
        ]
    return [
        *lines,
        "",
        f"The report has all findings, figures and tables: {report.as_uri()}",
        "Next: make verify checks every result; make help lists other experiments.",
    ]
