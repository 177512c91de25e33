"""Answers to the rules: the files to make, and each job's inputs and spec.

This is the only door between Snakemake and the library, and it imports nothing heavy: on a cluster
the Snakefile is read again in every job. Each kind of experiment answers for its own jobs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from subliminal.artefacts.outdated import why_outdated
from subliminal.bases.jobs import BaseJobs
from subliminal.config.config import Config
from subliminal.config.places import told
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards
from subliminal.report.specs import BuildReportSpec, ExperimentTextSpec, PlotFigureSpec
from subliminal.supplied.jobs import FileJobs
from subliminal.workflow.checks import check_config
from subliminal.workflow.code_graph import library_files
from subliminal.workflow.configuration import Given, load_config
from subliminal.workflow.kinds import KINDS

# Every job's program.
STAGE_SCRIPT = "scripts/stage.py"
Remake = Callable[[str, str], None]
# Characters of the experiments' names in a report's; file systems take 255 bytes.
LONGEST_SELECTION = 200


@dataclass(frozen=True)
class Project:
    """A checked configuration, and its answers to the rules.

    Attributes:
        root: the repository's folder.
        remake: called with the path of a manifest that has to be made again, and why.
    """

    root: Path
    config: Config
    remake: Remake | None = field(default=None, compare=False)

    @classmethod
    def load(
        cls,
        root: Path,
        settings: Mapping[str, Any] | None = None,
        remake: Remake | None = None,
        given: Given | None = None,
    ) -> Project:
        """Read and check everything, as `load_config` does.

        Raises:
            ConfigError: something is wrong in the configuration.
        """
        config = load_config(root, settings, given)
        check_config(config, root)
        return cls(root, config, remake)

    # Who answers for whose jobs

    @cached_property
    def bases(self) -> BaseJobs:
        """The jobs that make bases."""
        return BaseJobs(self.config)

    @cached_property
    def files(self) -> FileJobs:
        """The jobs that take files of others."""
        return FileJobs(self.config)

    @cached_property
    def _jobs(self) -> dict[str, Any]:
        return {name: kind.jobs(self.config) for name, kind in KINDS.items()}

    def jobs(self, kind: str) -> Any:
        """The jobs of a kind of experiment."""
        return self._jobs[kind]

    @property
    def rule_files(self) -> list[str]:
        """The files with the rules of each kind of experiment."""
        return [f"rules/{name}.smk" for kind in KINDS.values() for name in kind.rules]

    # What every experiment has

    def warnings(self) -> list[str]:
        """What to think of before a run, one line each."""
        entries = self.config.experiments.items()
        return told([r for n, e in entries for r in KINDS[e.kind].warn(self.config, n)], self.root)

    @property
    def experiments(self) -> list[str]:
        """The experiments to compute."""
        return self.config.settings.experiments

    def tables(self, kind: str) -> list[str]:
        """The names of a kind's final tables."""
        return list(KINDS[kind].tables)

    def table_files(self, experiment: str) -> list[str]:
        """An experiment's tables, as Parquet."""
        names = self.tables(self.config.experiments[experiment].kind)
        return [f"results/tables/{experiment}/{table}.parquet" for table in names]

    def figures(self, experiment: str) -> list[str]:
        """The names of an experiment's figures."""
        entry = self.config.experiments[experiment]
        return KINDS[entry.kind].figures(entry)

    @property
    def all_figures(self) -> list[str]:
        """The names of all figures of all experiments."""
        return list(dict.fromkeys(f for name in self.experiments for f in self.figures(name)))

    @property
    def figure_files(self) -> list[str]:
        """Every figure of every experiment."""
        return [
            f"results/figures/{name}/{figure}.svg"
            for name in self.experiments
            for figure in self.figures(name)
        ]

    @property
    def figure_manifests(self) -> list[str]:
        """The manifests of all figures."""
        return [str(Path(file).with_suffix(".manifest.json")) for file in self.figure_files]

    def caption(self, w: Wildcards) -> str:
        """A figure's caption, in reStructuredText."""
        return (self.root / "report" / f"{w.figure}.rst").read_text(encoding="utf-8")

    @property
    def report(self) -> str:
        """The report's file: one for the experiments of config.yaml, one for any others."""
        if self.config.usual:
            return "results/report.html"
        names = "+".join(self.experiments)
        if len(names) > LONGEST_SELECTION:
            digest = hashlib.sha256(names.encode()).hexdigest()[:8]
            names = f"{names[:LONGEST_SELECTION]}-{digest}"
        return f"results/reports/{names}.html"

    @property
    def report_manifest(self) -> str:
        """The manifest of the report."""
        return str(Path(self.report).with_suffix(".manifest.json"))

    # Specs

    def spec(self, build: Callable[..., Strict]) -> Callable[[Wildcards], str]:
        """A params function: the stage's spec for a job's wildcards, as canonical JSON."""

        def canonical(wildcards: Wildcards) -> str:
            return json.dumps(build(wildcards).model_dump(mode="json"), sort_keys=True)

        return canonical

    def script(self, manifest: str, build: Callable[..., Strict]) -> Callable[[Wildcards], str]:
        """An input function: the job's program.

        Snakemake asks it for every job that it considers, before it decides what to run. So here
        is where an artefact is looked at that is there already.

        Args:
            manifest: the path that the rule writes its manifest to, with wildcards.
            build: as for `spec`.
        """

        def program(wildcards: Wildcards) -> str:
            path = manifest.format(**wildcards)
            if self.remake is not None and Path(path).exists():
                reason = why_outdated(Path(path), build(wildcards).model_dump(mode="json"))
                if reason is not None:
                    self.remake(path, reason)
            return STAGE_SCRIPT

        return program

    def text(self, name: str) -> ExperimentTextSpec:
        """The facts on an experiment that figures and report need."""
        entry = self.config.experiments[name]
        return ExperimentTextSpec(
            kind=entry.kind,
            name=name,
            title=entry.title,
            paper=entry.paper,
            model_organism=entry.model_organism,
            figures=self.figures(name),
            **KINDS[entry.kind].text(self.config, name),
        )

    def plot_figure(self, w: Wildcards) -> Strict:
        """Spec of rule plot_figure."""
        text = self.text(w.experiment)
        return PlotFigureSpec(
            kind=text.kind,
            experiment=text.name,
            figure=w.figure,
            paper=text.paper,
            model_organism=text.model_organism,
            measure=text.measure,
            chance=text.chance,
        )

    def build_report(self, w: Wildcards) -> Strict:
        """Spec of rule build_report."""
        return BuildReportSpec(experiments=[self.text(name) for name in self.experiments])

    # The library, for rules that are cheap to rerun

    def library(self, *modules: str) -> list[str]:
        """The files of these library modules and of all that they import."""
        return library_files(self.root, modules)

    def figure_library(self, w: Wildcards) -> list[str]:
        """The library files behind a figure."""
        kind = self.config.experiments[w.experiment].kind
        return self.library("workflow.stages.plot_figure", *_drawing(kind, w.figure))

    def report_library(self) -> list[str]:
        """The library files behind the report."""
        shown = [f"{kind}.shown" for kind in KINDS]
        return self.library("workflow.stages.build_report", *shown)


def _drawing(kind: str, figure: str) -> list[str]:
    return [f"{kind}.figures.{figure}", f"{kind}.shown"]
