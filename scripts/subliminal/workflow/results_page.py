"""Findings as Markdown: the page of results in the docs, written from an experiment's tables.

Every number in it is read from tables and manifests; nothing here is typed by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subliminal.artefacts.commit import shortened
from subliminal.artefacts.provenance import ancestry, described_versions
from subliminal.artefacts.verified import verify
from subliminal.config.errors import ConfigError
from subliminal.report.findings import Finding, Headline
from subliminal.report.numbers import number
from subliminal.report.page import shown
from subliminal.report.specs import ExperimentTextSpec

MOST_IN_LINE = 10
BEGIN, END = "<!-- results: written by scripts/write_results.py -->", "<!-- /results -->"


@dataclass(frozen=True)
class Computed:
    """An experiment that has been computed: its text, and its tables as its kind reads them."""

    text: ExperimentTextSpec
    tables: Any
    manifest: Path

    @classmethod
    def read(cls, text: ExperimentTextSpec, folder: Path) -> Computed:
        """Read the tables of `results/tables/{experiment}`.

        Raises:
            ConfigError: they are not what their manifest says.
        """
        verify(folder / "manifest.json")
        tables = shown(text.kind).tables
        paths = [folder / f"{name}.parquet" for name in tables.names()]
        return cls(text, tables.read(paths), folder / "manifest.json")

    def headline(self) -> Headline:
        """The result in short."""
        return shown(self.text.kind).headline(self.tables, self.text)

    def findings(self) -> list[Finding]:
        """The lines of the report's landing page."""
        return shown(self.text.kind).findings(self.tables, self.text)


def between_markers(document: str, new: str) -> str:
    """A document with what stands between its markers replaced.

    Raises:
        ConfigError: it has no markers.
    """
    if document.count(BEGIN) != 1 or document.count(END) != 1:
        raise ConfigError(f"the document needs one line {BEGIN!r} and one line {END!r}")
    head, _, rest = document.partition(BEGIN)
    return f"{head}{BEGIN}\n\n{new.strip()}\n\n{END}{rest.partition(END)[2]}"


def _lines(finding: Finding) -> list[str]:
    """A finding in one line; one with many statements has a line for each."""
    said = [
        f"*{statement.setting}*: {statement.text}" if statement.setting else statement.text
        for statement in finding.statements
    ]
    if len(said) <= MOST_IN_LINE:
        return [f"- **{finding.topic}.** {' '.join(said)}"]
    return [f"- **{finding.topic}.**", *(f"  - {statement}" for statement in said)]


def _origin(manifest: Path) -> str:
    """The origin of the tables: device, instruction set, commit, torch."""
    manifests = ancestry([manifest])
    versions = described_versions(manifests)
    runs = [found["run"] for found in manifests.values()]
    devices = ", ".join(sorted({run["device"] for run in runs}))
    sets = versions.instruction_sets()
    if sets:
        devices += f", instruction set{'s' if len(sets) > 1 else ''} {' and '.join(sets)}"
    seconds = sum(run["seconds"] for run in runs)
    commits = ", ".join(map(shortened, versions.commits)) or "none recorded"
    torch = ", ".join(versions.packages.get("torch", ["none"]))
    return (
        f"*{len(runs)} jobs, {number(seconds / 60, 0)} minutes of work on {devices}; "
        f"commit {commits}; torch {torch}.*"
    )


def results_page(computed: Sequence[Computed]) -> str:
    """A section per experiment, with the findings of the report."""
    parts = []
    for experiment in computed:
        lines = [line for finding in experiment.findings() for line in _lines(finding)]
        heading = f"## {experiment.text.title} (`{experiment.text.name}`)"
        counterpart = f"Counterpart in the paper: {experiment.text.paper}."
        parts.append(
            "\n".join([heading, "", counterpart, _origin(experiment.manifest), "", *lines])
        )
    return "\n\n".join(parts)
