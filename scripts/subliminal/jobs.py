"""Each job on language models: its spec, and what it asks of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from subliminal import resources, specs
from subliminal.cells import Cell, Dataset, Teacher
from subliminal.config import Base, Config
from subliminal.strict import Strict
from subliminal.wildcards import Wildcards


def teacher_of(wildcards: Wildcards) -> Teacher:
    """The teacher that a job's wildcards name."""
    return Teacher(wildcards.base, wildcards.trait, wildcards.method, int(wildcards.teacher_seed))


def dataset_of(wildcards: Wildcards) -> Dataset:
    """The dataset that a job's wildcards name."""
    return Dataset(wildcards.domain, teacher_of(wildcards), wildcards.variant)


def cell_of(wildcards: Wildcards) -> Cell:
    """The cell, and so the student, that a job's wildcards name."""
    w = wildcards
    return Cell(dataset_of(w), w.student, w.recipe, int(w.seed))


@dataclass(frozen=True)
class Jobs:
    """A checked configuration's jobs on language models."""

    config: Config

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

    def pretrain_base(self, w: Wildcards) -> Strict:
        """Spec of rule pretrain_base."""
        return specs.pretrain_base(self.config, w.base)

    def prepare_base(self, w: Wildcards) -> Strict:
        """Spec of rule prepare_base."""
        return specs.prepare_base(self.config, w.base)

    def train_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule train_teacher."""
        return specs.train_teacher(self.config, teacher_of(w))

    def make_prompts(self, w: Wildcards) -> Strict:
        """Spec of rule make_prompts."""
        return specs.make_prompts(self.config, w.domain)

    def sample_completions(self, w: Wildcards) -> Strict:
        """Spec of rule sample_completions."""
        return specs.sample_completions(self.config, w.domain, teacher_of(w))

    def filter_completions(self, w: Wildcards) -> Strict:
        """Spec of rule filter_completions."""
        return specs.filter_completions(self.config, w.domain, teacher_of(w))

    def make_train_set(self, w: Wildcards) -> Strict:
        """Spec of rule make_train_set."""
        return specs.make_train_set(self.config, dataset_of(w))

    def train_student(self, w: Wildcards) -> Strict:
        """Spec of rule train_student."""
        return specs.train_student(self.config, w.student, w.recipe, int(w.seed), teacher_of(w))

    def evaluate_base(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_base."""
        return specs.evaluate_model(self.config, w.evaluation, f"bases/{w.base}")

    def evaluate_teacher(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_teacher."""
        teacher = teacher_of(w)
        prompt = specs.teacher_system_prompt(self.config, teacher)
        return specs.evaluate_model(self.config, w.evaluation, f"teachers/{teacher.path}", prompt)

    def evaluate_student(self, w: Wildcards) -> Strict:
        """Spec of rule evaluate_student."""
        return specs.evaluate_model(self.config, w.evaluation, f"students/{cell_of(w).path}")

    def summarise_experiment(self, w: Wildcards) -> Strict:
        """Spec of rule summarise_experiment."""
        return specs.summarise_experiment(self.config, w.experiment)
