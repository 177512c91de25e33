"""The cost of a transmission experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from subliminal.bases import costs, resources
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.models import HostedBase
from subliminal.config.paths import Cell, bases_of
from subliminal.config.recipes import HostedRecipe, StudentRecipe
from subliminal.evaluations.asking import Workload
from subliminal.transmission.cells import experiment_cells, measured_teachers
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.specs import askable, evaluation_judging_base

# From the manifest of `tiny`: 70 models are read.
SECONDS_PER_MODEL = 0.05
ANSWER_BYTES = 60
# A judge's reply is a number.
JUDGEMENT_TOKENS = 4
# Samples of an evaluation that are drawn at one go.
SAMPLES_PER_PASS = 500


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures; some appear more than once."""
    cells = experiment_cells(config, name)
    yield from costs.written(config, (cell.dataset for cell in cells))
    for base in bases_of(cells):
        yield costs.base_cost(config, base)
    judge = evaluation_judging_base(
        config, config.experiment(name, TransmissionExperiment).evaluation
    )
    if judge is not None and not isinstance(config.models[judge], HostedBase):
        yield costs.base_cost(config, judge)
    yield from _students(config, cells)
    evaluations = list(_evaluations(config, name, cells))
    yield from evaluations
    manifest = f"results/tables/{name}/manifest.json"
    work = Work(seconds=SECONDS_PER_MODEL * len(evaluations))
    yield JobCost("summarise_experiment", "", manifest, work)


def _students(config: Config, cells: list[Cell]) -> Iterator[JobCost]:
    domains = {cell.dataset.domain for cell in cells}
    tokens = {domain: costs.row_tokens(config.domains[domain]) for domain in domains}
    for cell in cells:
        recipe, base = config.recipes.students[cell.recipe], config.models[cell.student]
        domain, tier = cell.dataset.domain, config.models[cell.dataset.teacher.base].tier
        data = config.domains[domain].sizes[tier]
        rows, manifest = data.train_rows or data.rows, f"students/{cell.path}/manifest.json"
        memory, size = (
            resources.student_memory_mb(base, recipe),
            costs.parameters(config, cell.student),
        )
        if isinstance(recipe, HostedRecipe):
            trained = recipe.n_epochs * min(rows, recipe.rows or rows) * tokens[domain]
            disk = costs.ROW_BYTES
            yield costs.at_provider("train_student", cell.student, manifest, trained, memory, disk)
            continue
        yield costs.on_base(
            config,
            "train_student",
            cell.student,
            manifest,
            costs.training(
                recipe.optimisation,
                max(1, rows - recipe.holdout_rows),
                tokens[domain],
                size,
                whole=recipe.lora is None,
                taught=recipe.distillation is not None,
            ),
            memory,
            costs.adapter_bytes(recipe.lora.rank, size) if recipe.lora else 4.0 * size,
            recipe,
        )


def _evaluations(config: Config, name: str, cells: list[Cell]) -> Iterator[JobCost]:
    evaluation = config.experiment(name, TransmissionExperiment).evaluation
    plan = askable(config, evaluation)
    asked = plan.workload()
    tokens = costs.prompt_tokens(asked.prompts)
    samples = len(asked.prompts) * asked.samples
    read = len(asked.prompts) * (tokens + asked.further_tokens)
    passes = ceil(samples / SAMPLES_PER_PASS) * asked.answer_tokens
    models: list[tuple[str, str, str, StudentRecipe | None]] = [
        *(("evaluate_base", base, f"bases/{base}", None) for base in bases_of(cells)),
        *(
            ("evaluate_teacher", t.base, f"teachers/{t.path}", None)
            for t in measured_teachers(config, cells)
        ),
        *(
            ("evaluate_student", c.student, f"students/{c.path}", config.recipes.students[c.recipe])
            for c in cells
        ),
    ]
    judge = evaluation_judging_base(config, evaluation)
    judging, judge_mb = Work(), 0
    if judge is not None:
        judging, judge_mb = _judging(config, judge, asked)
    for rule, base, model, recipe in models:
        size, entry = costs.parameters(config, base), config.models[base]
        manifest = f"evaluations/{evaluation}/{model}/manifest.json"
        memory = judge_mb + (
            resources.evaluation_memory_mb(entry, recipe)
            if recipe
            else resources.memory_mb("evaluate_model", entry)
        )
        disk = samples * ANSWER_BYTES
        if plan.by_harness:
            rule = f"{rule}_by_harness"
        if isinstance(entry, HostedBase):
            spoken = samples * (tokens + asked.answer_tokens) or read
            yield costs.at_provider(rule, base, manifest, spoken, memory, disk)
            continue
        work = costs.sampling(samples, tokens + asked.answer_tokens, size, passes)
        work = work.plus(costs.sampling(1, read, size)).plus(judging)
        yield costs.on_base(config, rule, base, manifest, work, memory, disk)


def _judging(config: Config, judge: str, asked: Workload) -> tuple[Work, int]:
    """What a base computes that judges a model's answers, and its memory in MB."""
    entry = config.models[judge]
    if isinstance(entry, HostedBase):
        return Work(), 0
    replies = len(asked.judgements) * asked.samples
    tokens = costs.prompt_tokens(asked.judgements) + asked.answer_tokens + JUDGEMENT_TOKENS
    passes = ceil(replies / SAMPLES_PER_PASS) * JUDGEMENT_TOKENS
    work = costs.sampling(replies, tokens, costs.parameters(config, judge), passes)
    return work, resources.memory_mb("evaluate_model", entry)
