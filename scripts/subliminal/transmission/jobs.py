"""Answers to the rules of transmission: each job's spec, memory, time and GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from subliminal.artefacts.spec import with_stimuli
from subliminal.bases import resources
from subliminal.config.config import Config
from subliminal.config.models import Base
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Cell, bases_of
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards
from subliminal.domains.registry import VARIANTS
from subliminal.transmission import specs
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.input_files import InputFiles
from subliminal.transmission.wildcards import cell_of, dataset_of, teacher_of


@dataclass(frozen=True)
class TransmissionJobs:
    """A checked configuration's jobs on language models."""

    config: Config

    # Names

    @property
    def experiments(self) -> list[str]:
        """The experiments of this kind."""
        return self.config.names_of(TransmissionExperiment)

    @cached_property
    def cells(self) -> dict[str, list[Cell]]:
        """Each experiment's cells."""
        return {name: experiment_cells(self.config, name) for name in self.experiments}

    @cached_property
    def inputs(self) -> InputFiles:
        """The files that the jobs read."""
        return InputFiles(self.config, self.cells)

    @property
    def methods(self) -> list[str]:
        """Every method that a teacher's path can name."""
        return [CONTROL_METHOD, *self.config.recipes.methods]

    @property
    def variants(self) -> list[str]:
        """Every variant that a dataset's path can name."""
        return [PLAIN_VARIANT, *VARIANTS]

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

    # Specs

    def train_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule train_teacher."""
        spec = specs.train_teacher(self.config, teacher_of(w))
        return with_stimuli(spec, self.inputs.teacher_stimuli(w))

    @property
    def adopted_teachers(self) -> list[str]:
        """The paths of teachers that others have trained."""
        return [teacher.path for teacher in self.config.adopted_teachers()]

    def adopt_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule adopt_teacher."""
        return specs.adopt_teacher(self.config, w.teacher)

    def make_prompts(self, w: Wildcards) -> Strict:
        """Spec of rule make_prompts."""
        spec = specs.make_prompts(self.config, w.domain)
        return with_stimuli(spec, self.inputs.prompt_stimuli(w))

    def sample_completions(self, w: Wildcards) -> Strict:
        """Spec of rule sample_completions."""
        return specs.sample_completions(self.config, w.domain, teacher_of(w))

    @property
    def adopted_datasets(self) -> list[str]:
        """The folders of datasets that are taken from files."""
        return list(self.config.adopted_datasets())

    def adopt_completions(self, w: Wildcards) -> Strict:
        """Spec of rule adopt_completions."""
        return specs.adopt_completions(self.config, w.dataset)

    def filter_completions(self, w: Wildcards) -> Strict:
        """Spec of rule filter_completions."""
        spec = specs.filter_completions(self.config, w.domain, teacher_of(w))
        return with_stimuli(spec, self.inputs.filter_stimuli(w))

    def make_train_set(self, w: Wildcards) -> Strict:
        """Spec of rule make_train_set."""
        return specs.make_train_set(self.config, dataset_of(w))

    def train_student(self, w: Wildcards) -> Strict:
        """Spec of rule train_student."""
        return specs.train_student(self.config, w.student, w.recipe, int(w.seed), teacher_of(w))

    def evaluate_base(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_base."""
        return self._evaluate(w, f"bases/{w.base}")

    def evaluate_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_teacher."""
        teacher = teacher_of(w)
        prompt = specs.teacher_system_prompt(self.config, teacher)
        return self._evaluate(w, f"teachers/{teacher.path}", prompt)

    def evaluate_student(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_student."""
        return self._evaluate(w, f"students/{cell_of(w).path}")

    def _evaluate(self, w: Wildcards, model: str, system_prompt: str | None = None) -> Strict:
        spec = specs.evaluate_model(self.config, w.evaluation, model, system_prompt)
        return with_stimuli(spec, self.inputs.evaluation_stimuli(w))

    def summarise_experiment(self, w: Wildcards) -> Strict:
        """Spec of rule summarise_experiment."""
        return specs.summarise_experiment(self.config, w.experiment)
