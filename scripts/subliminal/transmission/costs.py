"""The cost of a transmission experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from subliminal.bases import costs, resources
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.models import HostedBase
from subliminal.config.paths import Cell, bases_of, teachers_with_traits
from subliminal.config.recipes import HostedRecipe, StudentRecipe
from subliminal.evaluations.asking import Askable
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import TransmissionExperiment

# From the manifest of `tiny`: 70 models are read.
SECONDS_PER_MODEL = 0.05
ANSWER_BYTES = 60
# Samples of an evaluation that are drawn at one go.
SAMPLES_PER_PASS = 500


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures; some appear more than once."""
    cells = experiment_cells(config, name)
    yield from costs.written(config, (cell.dataset for cell in cells))
    for base in bases_of(cells):
        yield costs.base_cost(config, base)
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
    asking = config.evaluations[evaluation]
    assert isinstance(asking, Askable), "the registry has no other"
    asked = asking.workload()
    tokens = costs.prompt_tokens(asked.prompts)
    samples = len(asked.prompts) * asked.samples
    read = len(asked.prompts) * (tokens + asked.further_tokens)
    passes = ceil(samples / SAMPLES_PER_PASS) * asked.answer_tokens
    models: list[tuple[str, str, str, StudentRecipe | None]] = [
        *(("evaluate_base", base, f"bases/{base}", None) for base in bases_of(cells)),
        *(
            ("evaluate_teacher", t.base, f"teachers/{t.path}", None)
            for t in teachers_with_traits(cells)
        ),
        *(
            ("evaluate_student", c.student, f"students/{c.path}", config.recipes.students[c.recipe])
            for c in cells
        ),
    ]
    for rule, base, model, recipe in models:
        size, entry = costs.parameters(config, base), config.models[base]
        manifest = f"evaluations/{evaluation}/{model}/manifest.json"
        memory = (
            resources.evaluation_memory_mb(entry, recipe)
            if recipe
            else resources.memory_mb("evaluate_model", entry)
        )
        disk = samples * ANSWER_BYTES
        if isinstance(entry, HostedBase):
            spoken = samples * (tokens + asked.answer_tokens) or read
            yield costs.at_provider(rule, base, manifest, spoken, memory, disk)
            continue
        work = costs.sampling(samples, tokens + asked.answer_tokens, size, passes)
        work = work.plus(costs.sampling(1, read, size))
        yield costs.on_base(config, rule, base, manifest, work, memory, disk)
