"""The last lines of a run: what was found, where the report is, and what to type next."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from subliminal.artefacts.verified import read_manifest
from subliminal.report.findings import Finding
from subliminal.report.specs import BuildReportSpec

REPORT = Path("results") / "report.html"
# Of the first experiment's findings: on the teacher's base and on another one.
FINDINGS = 2
COLUMNS = 100


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
    first = spec.experiments[0]
    findings = Computed.read(first, root / "results" / "tables" / first.name).findings()
    said = [line for finding in findings[:FINDINGS] for line in in_brief(finding)]
    return [
        "",
        f"{first.title}:",
        *said,
        "",
        f"The report has all findings, figures and tables: {report.as_uri()}",
        "Next: make verify checks every result; make help lists other experiments.",
    ]


def in_brief(finding: Finding) -> list[str]:
    """A finding's first sentence, for the first setting, in lines of a terminal's width."""
    statement = finding.statements[0]
    sentence = re.split(r"(?<=\.) (?=[A-Z])", statement.text, maxsplit=1)[0]
    setting = f" ({statement.setting})" if statement.setting else ""
    text = f"{finding.topic}{setting}: {sentence}"
    return textwrap.wrap(text, COLUMNS, initial_indent="  ", subsequent_indent="    ")
