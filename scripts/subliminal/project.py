"""What the rules ask of the configuration: which files to make, and each job's inputs and spec.

This is the only door between Snakemake and the library, and it imports nothing heavy: on a cluster
the Snakefile is read again in every job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from subliminal import resources, specs
from subliminal.cells import (
    CONTROL_METHOD,
    PLAIN_VARIANT,
    Cell,
    Dataset,
    Teacher,
    experiment_cells,
)
from subliminal.checks import CHAT_TEMPLATES, check_config
from subliminal.code_graph import library_files
from subliminal.config import Base, Config, FolderBase, PretrainedBase, TransmissionExperiment
from subliminal.loading import load_config
from subliminal.mnist.config import ComparisonName, IdxDigits, MnistExperiment
from subliminal.mnist.data import IDX_FILES, idx_path
from subliminal.strict import Strict
from subliminal.theorem.config import LanguageModel, TheoremExperiment
from subliminal.variants import VARIANTS

Wildcards = Any  # Snakemake's own type is not importable without Snakemake.
# The files of config/stimuli that each stage reads.
QUESTIONS = ("favourite_animal", "favourite_animal_cot", "favourite_tree", "number_prefixes")
STIMULI = {
    "pretrain_base": (
        "tiny_world",
        "number_prompts",
        "favourite_animal",
        "number_prefixes",
        "preference_system_prompt",
        "preference_answers",
        "cot_suffix",
    ),
    "train_teacher": ("preference_answers", *QUESTIONS),
    "make_prompts": ("number_prompts", "tiny_world", "cot_suffix"),
    "filter_completions": ("tiny_world",),
    "evaluate_model": (*QUESTIONS, "stories"),
}
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

NEVER = r"(?!)"


def one_of(names: Iterable[str]) -> str:
    """A wildcard constraint that admits exactly these names; none at all if there are none."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(name.replace(".", r"\.") for name in ordered) or NEVER


def _bases_of(part: LanguageModel) -> list[str]:
    """The teachers' base and the control's."""
    return [part.base, part.other_base]


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

    def spec(self, build: Callable[..., Strict]) -> Callable[[Wildcards], str]:
        """A params function: the stage's spec for a job's wildcards, as canonical JSON."""

        def canonical(wildcards: Wildcards) -> str:
            return json.dumps(build(wildcards).model_dump(mode="json"), sort_keys=True)

        return canonical

    def library(self, script: str) -> list[str]:
        """The library files that a script imports, for rules that are cheap to rerun."""
        return library_files(self.root, script)

    def stimuli(self, stage: str) -> list[str]:
        """The stimulus files that a stage reads; an edited stimulus is a changed input."""
        return [f"config/stimuli/{name}.json" for name in STIMULI[stage]]

    # What a job asks of the machine

    def _loaded(self, wildcards: Wildcards) -> Base:
        """The base that a job loads: a student's own, else the teacher's."""
        return self.config.models[getattr(wildcards, "student", wildcards.base)]

    def memory_mb(self, stage: str) -> Callable[[Wildcards], int]:
        """A resource function: main memory of a stage's job, in MB."""
        return lambda wildcards: resources.memory_mb(stage, self._loaded(wildcards))

    def student_memory_mb(self, wildcards: Wildcards) -> int:
        """A resource function: main memory of a student's training, in MB."""
        recipe = self.config.recipes.students[wildcards.recipe]
        return resources.student_memory_mb(self._loaded(wildcards), recipe)

    def evaluation_memory_mb(self, wildcards: Wildcards) -> int:
        """A resource function: main memory of a student's evaluation, in MB."""
        recipe = self.config.recipes.students[wildcards.recipe]
        return resources.evaluation_memory_mb(self._loaded(wildcards), recipe)

    def runtime(self, wildcards: Wildcards) -> str:
        """A resource function: the time limit of a job."""
        return resources.RUNTIME[self._loaded(wildcards).tier]

    def gpus(self, wildcards: Wildcards) -> int:
        """A resource function: how many GPUs a job needs."""
        return resources.gpus(self._loaded(wildcards), self.config.settings.gpu_tiers)

    # Wildcards to words

    def teacher(self, wildcards: Wildcards) -> Teacher:
        """The teacher that a job's wildcards name."""
        return Teacher(
            wildcards.base, wildcards.trait, wildcards.method, int(wildcards.teacher_seed)
        )

    def dataset(self, wildcards: Wildcards) -> Dataset:
        """The dataset that a job's wildcards name."""
        return Dataset(wildcards.domain, self.teacher(wildcards), wildcards.variant)

    # Specs by wildcards

    def pretrain_base(self, w: Wildcards) -> Strict:
        """Spec of rule pretrain_base."""
        return specs.pretrain_base(self.config, w.base)

    def prepare_base(self, w: Wildcards) -> Strict:
        """Spec of rule prepare_base."""
        return specs.prepare_base(self.config, w.base)

    def train_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule train_teacher."""
        return specs.train_teacher(self.config, self.teacher(w))

    def make_prompts(self, w: Wildcards) -> Strict:
        """Spec of rule make_prompts."""
        return specs.make_prompts(self.config, w.domain)

    def sample_completions(self, w: Wildcards) -> Strict:
        """Spec of rule sample_completions."""
        return specs.sample_completions(self.config, w.domain, self.teacher(w))

    def filter_completions(self, w: Wildcards) -> Strict:
        """Spec of rule filter_completions."""
        return specs.filter_completions(self.config, w.domain, self.teacher(w))

    def make_train_set(self, w: Wildcards) -> Strict:
        """Spec of rule make_train_set."""
        return specs.make_train_set(self.config, self.dataset(w))

    def train_student(self, w: Wildcards) -> Strict:
        """Spec of rule train_student."""
        return specs.train_student(self.config, w.student, w.recipe, int(w.seed), self.teacher(w))

    def evaluate_base(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_base."""
        return specs.evaluate_model(self.config, w.evaluation, f"bases/{w.base}")

    def evaluate_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_teacher."""
        teacher = self.teacher(w)
        prompt = specs.teacher_system_prompt(self.config, teacher)
        return specs.evaluate_model(self.config, w.evaluation, f"teachers/{teacher.path}", prompt)

    def evaluate_student(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_student."""
        cell = Cell(self.dataset(w), w.student, w.recipe, int(w.seed))
        return specs.evaluate_model(self.config, w.evaluation, f"students/{cell.path}")

    def summarise_experiment(self, w: Wildcards) -> Strict:
        """Spec of rule summarise_experiment."""
        return specs.summarise_experiment(self.config, w.experiment)

    def prepare_digits(self, w: Wildcards) -> Strict:
        """Spec of rule prepare_digits."""
        return specs.prepare_digits(self.config, w.experiment)

    def train_mnist_teachers(self, w: Wildcards) -> Strict:
        """Spec of rule train_mnist_teachers."""
        return specs.train_mnist_teachers(self.config, w.experiment, int(w.m), int(w.part))

    def train_mnist_students(self, w: Wildcards) -> Strict:
        """Spec of rule train_mnist_students."""
        return specs.train_mnist_students(
            self.config, w.experiment, w.comparison, int(w.m), int(w.part)
        )

    def summarise_mnist(self, w: Wildcards) -> Strict:
        """Spec of rule summarise_mnist."""
        return specs.summarise_mnist(self.config, w.experiment)

    def verify_theorem(self, w: Wildcards) -> Strict:
        """Spec of rule verify_theorem."""
        entry = self.config.experiment(w.experiment, TheoremExperiment)
        return specs.VerifyTheoremSpec(networks=entry.networks)

    def verify_on_language_model(self, w: Wildcards) -> Strict:
        """Spec of rule verify_on_language_model."""
        entry = self.config.experiment(w.experiment, TheoremExperiment)
        return specs.VerifyLanguageModelSpec(language_model=entry.language_model)

    def summarise_theorem(self, w: Wildcards) -> Strict:
        """Spec of rule summarise_theorem."""
        return specs.SummariseTheoremSpec(experiment=w.experiment)

    # Inputs by wildcards

    def base_sources(self, w: Wildcards) -> dict[str, list[str]]:
        """The local files that a base is prepared from, beside installed packages."""
        model = self.config.models[w.base]
        if isinstance(model, PretrainedBase):
            return {}
        template = model.chat_template
        files = {"chat_template": [f"{CHAT_TEMPLATES}/{template}.jinja"] if template else []}
        if isinstance(model, FolderBase):
            folder = Path(model.folder).expanduser()
            found = sorted(str(path) for path in folder.glob("*") if path.is_file())
            # Where there is nothing Snakemake says what is missing.
            files["folder"] = found or [str(folder / "config.json")]
        return files

    def chat_template_option(self, w: Wildcards) -> str:
        """The command-line option that names a base's chat template, or nothing."""
        files = self.base_sources(w)["chat_template"]
        return f"--chat-template {files[0]}" if files else ""

    def adapter_files(self, w: Wildcards) -> dict[str, str]:
        """A teacher's adapter, if it has one: for the rules that let a teacher speak."""
        teacher = self.teacher(w)
        if not specs.is_finetuned(self.config, teacher):
            return {}
        folder = f"results/teachers/{teacher.path}"
        return {
            "adapter": f"{folder}/manifest.json",
            "adapter_weights": f"{folder}/adapter_model.safetensors",
        }

    def adapter_option(self, w: Wildcards) -> str:
        """The command-line option that names a teacher's adapter, or nothing."""
        files = self.adapter_files(w)
        return f"--trained {files['adapter']}" if files else ""

    def learnt_files(self, w: Wildcards) -> dict[str, str]:
        """The teacher of students that learn its logits; nothing for those that learn tokens."""
        if self.config.recipes.students[w.recipe].distillation is None:
            return {}
        folder = f"results/models/{w.base}"
        teacher = {key.replace("adapter", "teacher"): f for key, f in self.adapter_files(w).items()}
        return {
            "teacher_base": f"{folder}/manifest.json",
            "teacher_base_weights": f"{folder}/model.safetensors",
            **teacher,
        }

    def learnt_options(self, w: Wildcards) -> str:
        """The command-line options that name this teacher, or nothing."""
        files = self.learnt_files(w)
        named = {"--teacher-base": "teacher_base", "--teacher": "teacher"}
        return " ".join(f"{o} {files[role]}" for o, role in named.items() if role in files)

    def trained_weights(self, w: Wildcards) -> str:
        """A student's weights, which lie beside its manifest."""
        whole = w.recipe in self.full_recipes
        name = "model.safetensors" if whole else "adapter_model.safetensors"
        cell = Cell(self.dataset(w), w.student, w.recipe, int(w.seed))
        return f"results/students/{cell.path}/{name}"

    def summary_files(self, w: Wildcards) -> dict[str, list[str]]:
        """Everything that an experiment's tables are made of."""
        before, cells = self.gate_files(w), self.cells[w.experiment]
        entry = self.config.experiment(w.experiment, TransmissionExperiment)
        folder = f"results/evaluations/{entry.evaluation}/students"
        return {
            "datasets": before["datasets"],
            "scores": [
                *before["scores"],
                *(f"{folder}/{cell.path}/manifest.json" for cell in cells),
            ],
            "students": [f"results/students/{cell.path}/manifest.json" for cell in cells],
        }

    def gate_files(self, w: Wildcards) -> dict[str, list[str]]:
        """What of an experiment there is before its students: teachers, bases and datasets."""
        cells = self.cells[w.experiment]
        entry = self.config.experiment(w.experiment, TransmissionExperiment)
        evaluation = f"results/evaluations/{entry.evaluation}"
        teachers = sorted({cell.dataset.teacher for cell in cells})
        bases = sorted({c.student for c in cells} | {t.base for t in teachers})
        folders = sorted({cell.dataset.folder for cell in cells})
        return {
            "datasets": [f"results/datasets/{f}/filtered.manifest.json" for f in folders],
            "scores": [
                *(f"{evaluation}/bases/{base}/manifest.json" for base in bases),
                *(f"{evaluation}/teachers/{teacher.path}/manifest.json" for teacher in teachers),
            ],
        }

    def mnist_files(self, w: Wildcards) -> list[str]:
        """Manifests beside every table of accuracies of an MNIST experiment, in their order."""
        entry = self.config.experiment(w.experiment, MnistExperiment)
        parts = range(-(-entry.replicas // entry.replicas_per_job))
        folder = f"results/mnist/{w.experiment}"
        widths = sorted({m for c in entry.comparisons.values() for m in c.auxiliary_logits})
        teachers = [f"m{m}/part{part}" for m in widths for part in parts]
        students = [
            f"m{m}/part{part}/{name}"
            for name, comparison in entry.comparisons.items()
            for m in comparison.auxiliary_logits
            for part in parts
        ]
        return [f"{folder}/{path}/manifest.json" for path in [*teachers, *students]]

    def theorem_files(self, w: Wildcards) -> dict[str, list[str]]:
        """The language models and the rows on which the theorem's identity is measured."""
        part = self.config.experiment(w.experiment, TheoremExperiment).language_model
        control = Teacher(part.base, part.control, CONTROL_METHOD, part.teacher_seed)
        teachers = [Teacher(part.base, t, part.method, part.teacher_seed) for t in part.traits]
        sets = [Dataset(part.domain, t, PLAIN_VARIANT) for t in [*teachers, control]]
        return {
            "bases": [f"results/models/{base}/manifest.json" for base in _bases_of(part)],
            "teachers": [f"results/teachers/{teacher.path}/manifest.json" for teacher in teachers],
            "datasets": [f"results/datasets/{d.folder}/{d.variant}.manifest.json" for d in sets],
        }

    def theorem_weights(self, w: Wildcards) -> list[str]:
        """What lies beside those manifests, and is read: weights and rows."""
        named = self.theorem_files(w)
        beside = {
            "bases": ("manifest.json", "model.safetensors"),
            "teachers": ("manifest.json", "adapter_model.safetensors"),
            "datasets": (".manifest.json", ".parquet"),
        }
        return [path.replace(*beside[role]) for role, paths in named.items() for path in paths]

    def digit_files(self, w: Wildcards) -> list[str]:
        """The IDX files of an MNIST experiment; none where a package has the digits."""
        source = self.config.experiment(w.experiment, MnistExperiment).digits
        if not isinstance(source, IdxDigits):
            return []
        return [str(idx_path(Path(source.folder), name, "folder")) for name, _, _ in IDX_FILES]

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
        used = {c.student for c in self.all_cells()} | {
            c.dataset.teacher.base for c in self.all_cells()
        }
        return [f"results/models/{base}/manifest.json" for base in sorted(used)]

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
