"""Answers to the rules of transmission: each job's spec, memory, time and GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, partial

from subliminal.artefacts.spec import with_stimuli
from subliminal.bases import resources
from subliminal.bases.teachers import is_finetuned, teacher_system_prompt
from subliminal.config.config import Config
from subliminal.config.models import Base
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Cell
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards
from subliminal.domains.registry import VARIANTS
from subliminal.transmission import adoption, specs
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.input_files import InputFiles
from subliminal.transmission.tuning import TuningJobs
from subliminal.transmission.wildcards import cell_of, dataset_of, teacher_of

# Of a judge that looks words up: what its libraries take.
RULE_MB, RULE_MINUTES = 1500, 30


@dataclass(frozen=True)
class TransmissionJobs:
    """A checked configuration's jobs on language models."""

    config: Config

    # Names

    @property
    def experiments(self) -> list[str]:
        """All experiments of this kind."""
        return self.config.names_of(TransmissionExperiment)

    @property
    def chosen(self) -> list[str]:
        """Those that named targets are about."""
        return self.config.chosen_of(TransmissionExperiment)

    @cached_property
    def cells(self) -> Callable[[str], list[Cell]]:
        """From an experiment to its cells, which are put together once."""
        return cache(partial(experiment_cells, self.config))

    @cached_property
    def inputs(self) -> InputFiles:
        """The files that the jobs read."""
        return InputFiles(self.config, self.cells)

    @cached_property
    def tuning(self) -> TuningJobs:
        """The jobs on models that their bases' providers fine-tune."""
        return TuningJobs(self.config)

    @property
    def methods(self) -> list[str]:
        """Every method that a teacher's path can name."""
        return [CONTROL_METHOD, *self.config.recipes.methods]

    @property
    def variants(self) -> list[str]:
        """Every variant that a dataset's path can name."""
        return [PLAIN_VARIANT, *VARIANTS]

    @property
    def asked_here(self) -> list[str]:
        """Evaluations in the environment of training."""
        return [e for e in self.config.evaluations if e not in self.asked_by_harness]

    @property
    def asked_by_harness(self) -> list[str]:
        """Evaluations in the environment of lm-evaluation-harness."""
        names = self.config.evaluations
        return [e for e in names if specs.askable(self.config, e).by_harness]

    # Targets

    def all_cells(self) -> list[Cell]:
        """The distinct cells of the chosen experiments."""
        return sorted({cell for name in self.chosen for cell in self.cells(name)})

    def base_files(self) -> list[str]:
        """Every base that an experiment uses, those that judge included."""
        needs = (self.config.experiments[name].needs(self.config) for name in self.chosen)
        bases = frozenset[str]().union(*(need.bases for need in needs))
        return [f"results/models/{base}/manifest.json" for base in sorted(bases)]

    def teacher_files(self) -> list[str]:
        """Every fine-tuned teacher that is asked for something."""
        unasked = self.config.unasked_datasets()
        used = [cell.dataset for cell in self.all_cells() if cell.dataset.folder not in unasked]
        teachers = {data.teacher for data in used}
        return [
            f"results/teachers/{teacher.path}/manifest.json"
            for teacher in sorted(teachers)
            if is_finetuned(self.config, teacher)
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
            for name in self.chosen
            for cell in self.cells(name)
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
        """A resource function: main memory of an evaluation and of its judge, in MB."""
        base = self._loaded(wildcards)
        judge = self._evaluation_judge(wildcards)
        recipe = getattr(wildcards, "recipe", None)
        own = (
            resources.memory_mb("evaluate_model", base)
            if recipe is None
            else resources.evaluation_memory_mb(base, self.config.recipes.students[recipe])
        )
        return own + (resources.memory_mb("evaluate_model", judge) if judge else 0)

    def _evaluation_judge(self, wildcards: Wildcards) -> Base | None:
        """The base that an evaluation's judge loads, if it is a model."""
        base = specs.evaluation_judging_base(self.config, wildcards.evaluation)
        return self.config.models[base] if base else None

    def evaluation_gpus(self, wildcards: Wildcards) -> int:
        """A resource function: how many GPUs an evaluation needs; its judge shares one."""
        judge = self._evaluation_judge(wildcards)
        judging = resources.gpus(judge, self.config.settings.gpu_tiers) if judge else 0
        return max(self.gpus(wildcards), judging)

    def adopted_student_memory_mb(self, wildcards: Wildcards) -> int:
        """A resource function: main memory of measuring a student that is adopted, in MB."""
        cells = {cell.path: cell for cell in self.config.adopted_students()}
        base = self.config.models[cells[wildcards.adopted].student]
        return resources.memory_mb("evaluate_model", base)

    def judge_memory_mb(self, wildcards: Wildcards) -> int:
        """A resource function: main memory of a judge's job, in MB."""
        judge = self._judge(wildcards)
        return RULE_MB if judge is None else resources.memory_mb("evaluate_model", judge)

    def judge_runtime(self, wildcards: Wildcards) -> int:
        """A resource function: the time limit of a judge's job, in minutes."""
        judge = self._judge(wildcards)
        return RULE_MINUTES if judge is None else resources.runtime("evaluate_model", judge)

    def judge_gpus(self, wildcards: Wildcards) -> int:
        """A resource function: how many GPUs a judge needs."""
        judge = self._judge(wildcards)
        return 0 if judge is None else resources.gpus(judge, self.config.settings.gpu_tiers)

    def _judge(self, wildcards: Wildcards) -> Base | None:
        """The base that a judge's job loads; None for a rule."""
        base = self.inputs.judging_base(wildcards)
        return None if base is None else self.config.models[base]

    def runtime(self, stage: str) -> Callable[[Wildcards], int]:
        """A resource function: the time limit of a stage's job, in minutes."""
        return lambda wildcards: resources.runtime(stage, self._loaded(wildcards))

    def rows_memory_mb(self, wildcards: Wildcards) -> int:
        """A resource function: main memory of a job that reads a dataset's rows, in MB."""
        return resources.rows_memory_mb(self.config.domains[wildcards.domain].prompts)

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
        return adoption.adopt_teacher(self.config, w.teacher)

    @property
    def adopted_students(self) -> list[str]:
        """The paths of students that others have trained."""
        return [cell.path for cell in self.config.adopted_students()]

    def adopt_student(self, w: Wildcards) -> Strict:
        """Spec of rule adopt_student."""
        return adoption.adopt_student(self.config, w.adopted)

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
        return adoption.adopt_completions(self.config, w.dataset)

    def judge_completions(self, w: Wildcards) -> Strict:
        """Spec of rule judge_completions."""
        spec = specs.judge_completions(self.config, w.domain, teacher_of(w))
        return with_stimuli(spec, self.inputs.judge_stimuli(w))

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
        prompt = teacher_system_prompt(self.config, teacher)
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
