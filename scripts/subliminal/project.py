"""What the rules ask of the configuration: which files to make, and each job's inputs and spec.

This is the only door between Snakemake and the library, and it imports nothing heavy: on a cluster
the Snakefile is read again in every job. Each kind of experiment answers for its own jobs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from subliminal import specs
from subliminal.cells import CONTROL_METHOD, PLAIN_VARIANT, Cell, bases_of, experiment_cells
from subliminal.checks import check_config
from subliminal.code_graph import library_files
from subliminal.config import Config, PretrainedBase, TransmissionExperiment
from subliminal.input_files import InputFiles
from subliminal.jobs import Jobs
from subliminal.loading import load_config
from subliminal.mnist.config import ComparisonName, MnistExperiment
from subliminal.mnist.jobs import MnistJobs
from subliminal.strict import Strict
from subliminal.theorem.config import TheoremExperiment
from subliminal.theorem.jobs import TheoremJobs
from subliminal.variants import VARIANTS
from subliminal.wildcards import Wildcards

# The tables and figures of each kind of experiment; of MNIST's, an experiment draws the figures of
# the comparisons that it has.
TABLES = {
    "transmission": ("transmission", "trait_matrix", "diagonal", "runs", "channel"),
    "mnist": ("accuracy", "mnist_runs"),
    "theorem": (
        "theorem",
        "theorem_summary",
        "theorem_language_model",
        "theorem_language_model_summary",
    ),
}
FIGURES = {
    "transmission": ("transmission", "trait_matrix", "bases", "shuffles", "channel"),
    "mnist": get_args(ComparisonName),
    "theorem": ("identities", "first_update"),
}


@dataclass(frozen=True)
class Project:
    """A checked configuration, and its answers to the rules."""

    root: Path
    config: Config

    @classmethod
    def load(cls, root: Path, settings: Mapping[str, Any]) -> Project:
        """Read and check everything.

        Raises:
            ConfigError: something is wrong in the configuration.
        """
        config = load_config(root, settings)
        check_config(config, root)
        return cls(root, config)

    # Who answers for whose jobs

    @cached_property
    def jobs(self) -> Jobs:
        """Specs and resources of jobs on language models."""
        return Jobs(self.config)

    @cached_property
    def inputs(self) -> InputFiles:
        """Files that jobs on language models read."""
        return InputFiles(self.config, self.cells)

    @cached_property
    def mnist(self) -> MnistJobs:
        """Jobs on MNIST."""
        return MnistJobs(self.config)

    @cached_property
    def theorem(self) -> TheoremJobs:
        """Jobs on the theorem."""
        return TheoremJobs(self.config)

    # Names

    @property
    def experiments(self) -> list[str]:
        """The experiments to compute."""
        return self.config.settings.experiments

    @property
    def transmission_experiments(self) -> list[str]:
        """Those on language models."""
        return self.config.names_of(TransmissionExperiment)

    @property
    def mnist_experiments(self) -> list[str]:
        """Those on MNIST."""
        return self.config.names_of(MnistExperiment)

    @property
    def theorem_experiments(self) -> list[str]:
        """Those on the theorem."""
        return self.config.names_of(TheoremExperiment)

    @cached_property
    def cells(self) -> dict[str, list[Cell]]:
        """Each transmission experiment's cells."""
        return {n: experiment_cells(self.config, n) for n in self.transmission_experiments}

    def tables(self, experiment: str) -> list[str]:
        """An experiment's tables, as Parquet."""
        kind = self.config.experiments[experiment].kind
        return [f"results/tables/{experiment}/{table}.parquet" for table in TABLES[kind]]

    def figures(self, experiment: str) -> list[str]:
        """The names of an experiment's figures."""
        entry = self.config.experiments[experiment]
        shown = entry.comparisons if isinstance(entry, MnistExperiment) else FIGURES[entry.kind]
        return list(shown)

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
    def pretrained_bases(self) -> list[str]:
        """The bases that the workflow pretrains itself."""
        return [n for n, b in self.config.models.items() if isinstance(b, PretrainedBase)]

    @property
    def ready_bases(self) -> list[str]:
        """The bases that somebody else has trained."""
        return [name for name in self.config.models if name not in self.pretrained_bases]

    @property
    def methods(self) -> list[str]:
        """Every method that a teacher's path can name."""
        return [CONTROL_METHOD, *self.config.recipes.methods]

    @property
    def full_recipes(self) -> list[str]:
        """The recipes that train all of a student's weights."""
        return [n for n, r in self.config.recipes.students.items() if r.lora is None]

    @property
    def adapter_recipes(self) -> list[str]:
        """The recipes that train an adapter."""
        return [n for n in self.config.recipes.students if n not in self.full_recipes]

    @property
    def variants(self) -> list[str]:
        """Every variant that a dataset's path can name."""
        return [PLAIN_VARIANT, *VARIANTS]

    # What every kind of job shares

    def spec(self, build: Callable[..., Strict]) -> Callable[[Wildcards], str]:
        """A params function: the stage's spec for a job's wildcards, as canonical JSON."""

        def canonical(wildcards: Wildcards) -> str:
            return json.dumps(build(wildcards).model_dump(mode="json"), sort_keys=True)

        return canonical

    def library(self, script: str) -> list[str]:
        """The library files that a script imports, for rules that are cheap to rerun."""
        return library_files(self.root, script)

    def plot_figure(self, w: Wildcards) -> Strict:
        """Spec of rule plot_figure."""
        entry = self.config.experiments[w.experiment]
        return specs.PlotFigureSpec(
            kind=entry.kind,
            experiment=w.experiment,
            figure=w.figure,
            paper=entry.paper,
            model_organism=entry.model_organism,
        )

    def build_report(self, w: Wildcards) -> Strict:
        """Spec of rule build_report."""
        entries = {name: self.config.experiments[name] for name in self.experiments}
        return specs.BuildReportSpec(
            experiments=[
                specs.ExperimentTextSpec(
                    kind=entry.kind,
                    name=name,
                    title=entry.title,
                    paper=entry.paper,
                    model_organism=entry.model_organism,
                    figures=self.figures(name),
                    leaky_recipes=specs.leaky_recipes(self.config, name),
                )
                for name, entry in entries.items()
            ],
        )

    # Targets

    def all_cells(self) -> list[Cell]:
        """The distinct cells of all experiments."""
        return sorted({cell for cells in self.cells.values() for cell in cells})

    def base_files(self) -> list[str]:
        """Every base that an experiment uses."""
        return [f"results/models/{base}/manifest.json" for base in bases_of(self.all_cells())]

    def teacher_files(self) -> list[str]:
        """Every fine-tuned teacher."""
        teachers = {c.dataset.teacher for c in self.all_cells()}
        return [
            f"results/teachers/{teacher.path}/manifest.json"
            for teacher in sorted(teachers)
            if specs.is_finetuned(self.config, teacher)
        ]

    def dataset_files(self) -> list[str]:
        """Every training set."""
        sets = {cell.dataset for cell in self.all_cells()}
        return [f"results/datasets/{d.folder}/{d.variant}.manifest.json" for d in sorted(sets)]

    def student_files(self) -> list[str]:
        """Every student."""
        return [f"results/students/{cell.path}/manifest.json" for cell in self.all_cells()]

    def evaluation_files(self) -> list[str]:
        """Every student's evaluation."""
        return [
            f"results/evaluations/"
            f"{self.config.experiment(name, TransmissionExperiment).evaluation}"
            f"/students/{cell.path}/manifest.json"
            for name, cells in self.cells.items()
            for cell in cells
        ]
