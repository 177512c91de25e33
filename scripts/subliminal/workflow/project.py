"""Answers to the rules: the files to make, and each job's inputs and spec.

This is the only door between Snakemake and the library, and it imports nothing heavy: on a cluster
the Snakefile is read again in every job. Each kind of experiment answers for its own jobs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from subliminal.artefacts.outdated import why_outdated
from subliminal.bases.jobs import BaseJobs
from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, known
from subliminal.config.experiments import experiment_file
from subliminal.config.items import ITEMS
from subliminal.config.places import told
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards
from subliminal.report.specs import BuildReportSpec, ExperimentTextSpec, PlotFigureSpec
from subliminal.supplied.jobs import FileJobs
from subliminal.workflow.checks import check_config, check_experiments
from subliminal.workflow.code_graph import library_files
from subliminal.workflow.configuration import Given, load_config
from subliminal.workflow.kinds import KINDS

LIBRARY = Path(__file__).resolve().parents[1]
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

    def warnings(self, experiments: Iterable[str]) -> list[str]:
        """What to think of before these are computed, one line each."""
        kinds = ((KINDS[self.config.experiments[name].kind], name) for name in experiments)
        return told([r for kind, name in kinds for r in kind.warn(self.config, name)], self.root)

    @property
    def experiments(self) -> list[str]:
        """The experiments to compute where a target names none."""
        return self.config.chosen

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
        """Every figure that a kind of experiment can draw; no experiment is read for it."""
        files = (file for kind in KINDS for file in LIBRARY.glob(f"{kind}/figures/*.py"))
        return sorted({file.stem for file in files} - {"__init__", "marks"})

    def table_manifests(self, experiments: Iterable[str]) -> list[str]:
        """The manifests beside the tables of experiments."""
        return [f"results/tables/{name}/manifest.json" for name in experiments]

    def figure_files(self, experiments: Iterable[str]) -> list[str]:
        """Every figure of experiments."""
        return [
            f"results/figures/{name}/{figure}.svg"
            for name in experiments
            for figure in self.figures(name)
        ]

    def caption(self, w: Wildcards) -> str:
        """A figure's caption, in reStructuredText."""
        return (self.root / "report" / f"{w.figure}.rst").read_text(encoding="utf-8")

    # Targets and reports

    @cached_property
    def targets(self) -> dict[str, list[str]]:
        """The experiments of every target of its own name, but for those beside them.

        Each experiment is one, and so is each item of the paper. An item that is called as an
        experiment is the item.
        """
        there = self.config.experiments
        items = {
            name: [experiment for experiment in item.experiments if experiment in there]
            for name, item in self.config.items.items()
        }
        return {name: [name] for name in there} | items

    def target_files(self, target: str) -> Callable[[Wildcards], list[str]]:
        """An input function: tables, figures and report of a target of its own name.

        Of a target that takes a part of its experiments: the tables of that part.
        """

        def files(_: Wildcards) -> list[str]:
            experiments, part = self.asked([target]), self.part(target)
            if part is not None:
                return [f"results/tables/{name}/{part}.manifest.json" for name in experiments]
            made = [*self.table_manifests(experiments), *self.figure_files(experiments)]
            return [*made, *filter(None, [self.report_of(target)])]

        return files

    def part(self, target: str) -> str | None:
        """The table that a target makes of its experiments; None where it makes all of them."""
        item = self.config.items.get(target)
        return None if item is None else item.part

    def asked(self, targets: Iterable[str]) -> list[str]:
        """The experiments that targets are about, files of experiments included.

        Args:
            targets: as typed.

        Raises:
            ConfigError: the file of one is wrong, or there is none for an item of the paper.
        """
        names = [name for target in targets for name in self._behind(target)]
        found = self.config.with_those_beside(names) if names else self.experiments
        check_experiments(self.config, set(found).difference(self.experiments), self.root)
        return found

    def _behind(self, target: str) -> list[str]:
        item = self.config.items.get(target)
        if item is not None and not self.targets[target]:
            files = ", ".join(map(experiment_file, item.experiments))
            raise ConfigError(
                f"{ITEMS}: {target}: experiments: has no experiment yet; write {files}, or ask "
                f"for another item {known(n for n, found in self.targets.items() if found)}"
            )
        if target in self.targets:
            return self.targets[target]
        parts = target.split("/")
        if parts[0] == "results":
            experiments = self.reports.get(target.removeprefix("results/").partition(".")[0])
            # Elsewhere a recipe or a domain may be called as an experiment is.
            own = parts[2:3] if parts[1] in ("tables", "figures", *KINDS) else []
            return experiments or [name for name in own if name in self.config.experiments]
        return []

    @property
    def report(self) -> str:
        """The report of the experiments to compute where a target names none."""
        return f"results/{self._report}.html"

    @property
    def _report(self) -> str:
        """Its name: one for the experiments of config.yaml, one for any others."""
        return "report" if self.config.usual else _selection(self.config.settings.experiments)

    def report_of(self, target: str) -> str | None:
        """The report of a target of its own name; None where it takes a part of experiments."""
        return None if self.part(target) else f"results/{_selection(self.targets[target])}.html"

    @cached_property
    def reports(self) -> dict[str, list[str]]:
        """The experiments of every report that can be asked for, but for those beside them.

        Reports are named by their paths below `results`, without suffix.
        """
        whole = (names for target, names in self.targets.items() if not self.part(target))
        named = {_selection(names): names for names in whole if names}
        return named | {self._report: self.config.settings.experiments}

    def chapters(self, w: Wildcards) -> list[str]:
        """The experiments of a report."""
        return self.config.with_those_beside(self.reports[w.report])

    def report_tables(self, w: Wildcards) -> list[str]:
        """The manifests beside the tables of a report."""
        return self.table_manifests(self.chapters(w))

    def report_figures(self, w: Wildcards) -> list[str]:
        """The figures of a report."""
        return self.figure_files(self.chapters(w))

    def report_figure_manifests(self, w: Wildcards) -> list[str]:
        """The manifests of a report's figures."""
        return [str(Path(file).with_suffix(".manifest.json")) for file in self.report_figures(w)]

    def report_captions(self, w: Wildcards) -> list[str]:
        """The captions of a report's figures."""
        figures = dict.fromkeys(f for name in self.chapters(w) for f in self.figures(name))
        return [f"report/{figure}.rst" for figure in figures]

    # Specs

    def spec(self, build: Callable[..., Strict]) -> Callable[[Wildcards], str]:
        """A params function: the stage's spec for a job's wildcards, as canonical JSON."""

        def canonical(wildcards: Wildcards) -> str:
            return json.dumps(build(wildcards).model_dump(mode="json"), sort_keys=True)

        return canonical

    def reads(
        self,
        manifest: str,
        build: Callable[..., Strict],
        *files: Callable[[Wildcards], Mapping[str, list[str]]],
    ) -> Callable[[Wildcards], dict[str, list[str]]]:
        """An input function: what a job reads beside the files that its rule names, by name.

        Snakemake asks it for every job that it considers, before it decides what to run. So here
        is where an artefact is looked at that is there already. It is one function because
        Snakemake takes longer over a function than the function does, in every job.

        Args:
            manifest: the path that the rule writes its manifest to, with wildcards.
            build: as for `spec`.
            files: functions of a job's wildcards. Of a table its manifest is compared, which has
                to be among them; the table is taken for ancient.
        """
        from snakemake.io import ancient

        def found(wildcards: Wildcards) -> dict[str, list[str]]:
            path = manifest.format(**wildcards)
            if self.remake is not None and os.path.exists(path):
                reason = why_outdated(Path(path), build(wildcards).model_dump(mode="json"))
                if reason is not None:
                    self.remake(path, reason)
            return {
                name: [ancient(f) if f.endswith(".parquet") else f for f in paths]
                for named in files
                for name, paths in named(wildcards).items()
            }

        return found

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
            interval=text.interval,
        )

    def build_report(self, w: Wildcards) -> Strict:
        """Spec of rule build_report."""
        return BuildReportSpec(experiments=[self.text(name) for name in self.chapters(w)])

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


def _selection(experiments: Sequence[str]) -> str:
    """The name of the report of these experiments."""
    names = "+".join(experiments)
    if len(names) > LONGEST_SELECTION:
        digest = hashlib.sha256(names.encode()).hexdigest()[:8]
        names = f"{names[:LONGEST_SELECTION]}-{digest}"
    return f"reports/{names}"


def _drawing(kind: str, figure: str) -> list[str]:
    return [f"{kind}.figures.{figure}", f"{kind}.shown"]
