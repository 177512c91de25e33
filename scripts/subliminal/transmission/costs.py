"""The cost of a transmission experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

from subliminal.bases import costs, job_costs, resources, work
from subliminal.bases.charges import Asked, tuned_at_provider
from subliminal.bases.teachers import teacher_system_prompt
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.judges import ModelJudge
from subliminal.config.paths import Cell, Teacher
from subliminal.config.recipes import HostedRecipe, StudentRecipe
from subliminal.evaluations.asking import Workload
from subliminal.evaluations.judge import SCORE_TOKENS
from subliminal.transmission.cells import asked_bases, experiment_cells, measured_teachers
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.specs import askable, evaluation_judge, evaluation_judging_base

# From the manifest of `tiny`: 70 models are read.
SECONDS_PER_MODEL = 0.05


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures; some appear more than once."""
    cells = experiment_cells(config, name)
    adopted = config.adopted_students()
    trained = [cell for cell in cells if cell not in adopted]
    yield from _datasets(config, cells)
    yield from _asked(config, name, cells)
    for teacher in _learnt(config, trained):
        yield from costs.teacher_costs(config, teacher)
    yield from _students(config, trained)
    for cell in adopted.keys() & cells:
        manifest = f"results/students/{cell.path}/manifest.json"
        yield JobCost("adopt_student", "", manifest, Work(seconds=job_costs.FILES_SECONDS))
    evaluations = list(_evaluations(config, name, cells, cells))
    yield from evaluations
    manifest = f"results/tables/{name}/manifest.json"
    took = Work(seconds=SECONDS_PER_MODEL * len(evaluations))
    yield JobCost("summarise_experiment", "", manifest, took)


def gates_costs(config: Config, name: str) -> Iterator[JobCost]:
    """The jobs before students; some appear more than once."""
    cells = experiment_cells(config, name)
    for cost in costs.written(config, (cell.dataset for cell in cells)):
        if cost.rule != "make_train_set":
            yield cost
    yield from _asked(config, name, cells)
    evaluations = list(_evaluations(config, name, cells, []))
    yield from evaluations
    manifest = f"results/tables/{name}/gates.manifest.json"
    took = Work(seconds=SECONDS_PER_MODEL * len(evaluations))
    yield JobCost("check_gates", "", manifest, took)


def _asked(config: Config, name: str, cells: list[Cell]) -> Iterator[JobCost]:
    """The bases and teachers that are asked, and what they are asked with."""
    evaluation = config.experiment(name, TransmissionExperiment).evaluation
    judge, file = evaluation_judging_base(config, evaluation), askable(config, evaluation).file_key
    for base in asked_bases(config, cells):
        yield from costs.base_costs(config, base)
    for teacher in measured_teachers(config, cells):
        yield from costs.teacher_costs(config, teacher)
    if judge is not None:
        yield from costs.base_costs(config, judge)
    if file is not None:
        yield costs.file_cost(file)


def _datasets(config: Config, cells: list[Cell]) -> Iterator[JobCost]:
    """Datasets and all that comes before them, without rows that nobody reads."""
    students, datasets = config.adopted_students(), config.adopted_datasets()
    read = {
        f"results/datasets/{cell.dataset.folder}/{cell.dataset.variant}.manifest.json"
        for cell in cells
        if cell not in students or cell.dataset.folder in datasets
    }
    for cost in costs.written(config, (cell.dataset for cell in cells)):
        if cost.rule != "make_train_set" or cost.manifest in read:
            yield cost


def _learnt(config: Config, cells: list[Cell]) -> Iterator[Teacher]:
    """The teachers whose logits are learnt."""
    for cell in cells:
        if config.recipes.distillation(cell.recipe) is not None:
            yield cell.dataset.teacher


def _students(config: Config, cells: list[Cell]) -> Iterator[JobCost]:
    taught = {(cell.dataset.domain, work.is_hosted(config, cell.student)) for cell in cells}
    tokens = {
        (domain, hosted): work.row_tokens(config.domains[domain], hosted).whole
        for domain, hosted in taught
    }
    for cell in cells:
        recipe, base = config.recipes.students[cell.recipe], config.models[cell.student]
        domain, rows = cell.dataset.domain, costs.training_rows(config, cell.dataset)
        manifest = f"students/{cell.path}/manifest.json"
        memory, size = (
            resources.student_memory_mb(base, recipe),
            work.parameters(config, cell.student),
        )
        if isinstance(recipe, HostedRecipe):
            trained = recipe.n_epochs * min(rows, recipe.rows or rows) * tokens[domain, True]
            model = f"students/{cell.path}"
            yield from job_costs.tuning_costs(config, cell.student, model, trained, memory)
            continue
        yield job_costs.training_here(
            config,
            "train_student",
            cell.student,
            manifest,
            work.training(
                recipe.optimisation,
                max(1, rows - recipe.holdout_rows),
                tokens[domain, False],
                size,
                whole=recipe.lora is None,
                taught=recipe.distillation is not None,
            ),
            memory,
            work.adapter_bytes(recipe.lora.rank, size) if recipe.lora else 4.0 * size,
            recipe,
        )


class _Evaluated(NamedTuple):
    """A model that is evaluated.

    Attributes:
        model: its path, below `evaluations/…`.
        recipe: of a student.
        tuned: as for `Asked`.
        system: its system prompt.
    """

    rule: str
    base: str
    model: str
    recipe: StudentRecipe | None = None
    tuned: bool = False
    system: str | None = None


def _evaluations(
    config: Config, name: str, cells: list[Cell], students: list[Cell]
) -> Iterator[JobCost]:
    """What the bases and teachers of cells are asked, and these students."""
    evaluation = config.experiment(name, TransmissionExperiment).evaluation
    plan = askable(config, evaluation)
    asked = plan.workload()
    recipes = config.recipes.students
    models: list[_Evaluated] = [
        *(
            _Evaluated("evaluate_base", base, f"bases/{base}")
            for base in asked_bases(config, cells)
        ),
        *(
            _Evaluated(
                "evaluate_teacher",
                teacher.base,
                f"teachers/{teacher.path}",
                tuned=tuned_at_provider(config, teacher),
                system=teacher_system_prompt(config, teacher),
            )
            for teacher in measured_teachers(config, cells)
        ),
        *(
            _Evaluated(
                "evaluate_student", c.student, f"students/{c.path}", recipes[c.recipe], tuned=True
            )
            for c in students
        ),
    ]
    judge = evaluation_judging_base(config, evaluation)
    by = evaluation_judge(config, evaluation)
    judging = [_judging(config, by, asked)] if isinstance(by, ModelJudge) else []
    judge_mb = resources.memory_mb("evaluate_model", config.models[judge]) if judge else 0
    for rule, base, model, recipe, tuned, system in models:
        entry, told = config.models[base], work.told_tokens(system, work.is_hosted(config, base))
        memory = (
            resources.evaluation_memory_mb(entry, recipe)
            if recipe
            else resources.memory_mb("evaluate_model", entry)
        )
        yield job_costs.asking(
            config,
            f"{rule}_by_harness" if plan.by_harness else rule,
            f"evaluations/{evaluation}/{model}/manifest.json",
            [job_costs.answering(config, base, asked, told, tuned), *judging],
            memory + judge_mb,
            len(asked.prompts) * asked.samples * job_costs.ANSWER_BYTES,
        )


def _judging(config: Config, judge: ModelJudge, asked: Workload) -> Asked:
    """What a base is asked that judges a model's answers."""
    replies = len(asked.judgements) * asked.samples
    hosted = work.is_hosted(config, judge.base)
    read = work.prompt_tokens(asked.judgements, hosted) + asked.answer_tokens
    passes = ceil(replies / job_costs.SAMPLES_PER_PASS) * SCORE_TOKENS
    written, at_a_time = replies * SCORE_TOKENS, judge.sampling.batch_size
    return Asked(judge.base, replies * read, written, passes, replies, at_a_time)
