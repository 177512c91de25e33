"""The cost of an experiment, before anything of it is computed.

Arithmetic per stage, from the configuration alone, over the rate that a short calibration found on
this device. Good to a factor of two: it is there to tell minutes from days. Nothing here needs the
weights: a base's size is in config/models.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

from subliminal.bases import resources
from subliminal.config.models import HubBase, PretrainedBase, ReadyBase
from subliminal.config.paths import bases_of, teachers_with_traits
from subliminal.config.recipes import FinetunedMethod, Optimisation, Recipe
from subliminal.evaluations.asking import Askable
from subliminal.transmission.config import TransmissionExperiment
from subliminal.workflow.project import Project

# Measured on number prompts with SmolLM2's tokenizer, which splits numbers into digits; the last
# one on the examples of the tiny world.
CHARACTERS_PER_TOKEN = 3.0
TEMPLATE_TOKENS = 40
ANSWER_TOKENS = 35
PREFERENCE_TOKENS = 70
PRETRAINING_TOKENS = 58
# Share of the rate of a large matrix product that a stage's arithmetic reaches.
TRAINING_EFFICIENCY = 0.5
SAMPLING_EFFICIENCY = 0.25
# Floating-point operations per parameter and token: a product and a sum forward; as many again for
# the gradient of the activations, and for that of the weights, of which a frozen base has none;
# once more forward where activations are recomputed, and for a teacher whose logits are learnt.
FORWARD = 2
# Bytes of a GPU's memory per parameter: weights in 16 bits and what an adapter's training keeps
# beside them; where all weights are trained they are in 32 bits, as are gradients and both moments.
# On top come activations, which follow from micro-batches rather than from the base.
GPU_BYTES = 2.4
GPU_BYTES_FOR_ALL_WEIGHTS = 18
GPU_BYTES_FOR_TEACHER = 2
GPU_ACTIVATIONS = 4e9
# These rules ask for no GPU.
BASE_STAGES = ("pretrain_base", "prepare_base")
# Adapter parameters per unit of rank over the square root of the base's: 26 for all linear layers
# of SmolLM2-135M and of Qwen2.5-7B alike.
ADAPTER_SHAPE = 26
GIGA = 1e9


@dataclass(frozen=True)
class Job:
    """One job: its stage, the base that it loads, and what it takes.

    Attributes:
        path: of its manifest, below results.
        flop: floating-point operations over the stage's efficiency.
        disk: bytes that it leaves behind.
        recipe: of a student's training.
    """

    stage: str
    base: str
    path: str
    flop: float
    disk: float
    recipe: Recipe | None = None


@dataclass(frozen=True)
class Cost:
    """What the jobs of one stage and base take that have not run yet.

    Attributes:
        flop: floating-point operations over the stage's efficiency.
        memory_mb: main memory of one job.
        gpu_bytes: a GPU's memory that one job takes; 0 if it runs on the CPU.
        disk_bytes: what all of them leave behind.
    """

    stage: str
    base: str
    jobs: int
    flop: float
    memory_mb: int
    gpu_bytes: float
    disk_bytes: float

    def hours(self, rate: float) -> float:
        """Hours of one device that computes ``rate`` operations a second."""
        return self.flop / rate / 3600


def prompt_tokens(prompts: list[str]) -> float:
    """Tokens of a rendered prompt, on average."""
    characters = sum(map(len, prompts)) / len(prompts)
    return characters / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS


def training_flop(
    plan: Optimisation,
    rows: int,
    tokens: float,
    parameters: int,
    whole: bool = False,
    taught: bool = False,
) -> float:
    """Operations of a fine-tuning run, over its efficiency.

    Args:
        whole: all weights are trained, and not an adapter.
        taught: a teacher's logits are learnt.
    """
    steps = plan.steps or (plan.epochs or 0) * ceil(rows / plan.batch_size)
    each = FORWARD * (2 + whole + plan.gradient_checkpointing + taught)
    return steps * plan.batch_size * tokens * each * parameters / TRAINING_EFFICIENCY


def sampling_flop(samples: int, tokens: float, parameters: int) -> float:
    """Operations of reading prompts and writing answers, over their efficiency."""
    return samples * tokens * FORWARD * parameters / SAMPLING_EFFICIENCY


def _gpu_bytes(parameters: int, recipe: Recipe | None) -> float:
    whole = recipe is not None and recipe.lora is None
    taught = recipe is not None and recipe.distillation is not None
    each = GPU_BYTES_FOR_ALL_WEIGHTS if whole else GPU_BYTES
    return (each + taught * GPU_BYTES_FOR_TEACHER) * parameters + GPU_ACTIVATIONS


def _adapter_bytes(rank: int, parameters: int) -> float:
    return rank * ADAPTER_SHAPE * sqrt(parameters) * 4


class Estimator:
    """The costs of one transmission experiment."""

    def __init__(self, project: Project, experiment: str) -> None:
        """Look at a checked configuration and at what has been computed of it."""
        self.project = project
        self.config = project.config
        self.entry = project.config.experiment(experiment, TransmissionExperiment)
        self.cells = project.jobs("transmission").cells[experiment]
        self.sizes = {base: self._parameters(base) for base in bases_of(self.cells)}

    def costs(self) -> list[Cost]:
        """One line per stage and base, in the order of the workflow; finished jobs are left out."""
        groups: dict[tuple[str, str], list[Job]] = {}
        for job in self.jobs():
            if not (self.project.root / "results" / job.path).exists():
                groups.setdefault((job.stage, job.base), []).append(job)
        return [self._cost(jobs) for jobs in groups.values()]

    def jobs(self) -> Iterator[Job]:
        """Every job that takes time, each once."""
        yield from self._bases()
        yield from self._teachers()
        yield from self._completions()
        yield from self._students()
        yield from self._evaluations()

    def _cost(self, jobs: list[Job]) -> Cost:
        stage, base, model = jobs[0].stage, jobs[0].base, self.config.models[jobs[0].base]
        gpu = 0.0
        if stage not in BASE_STAGES and resources.gpus(model, self.config.settings.gpu_tiers):
            gpu = max(_gpu_bytes(self.sizes[base], job.recipe) for job in jobs)
        memory = max(
            resources.student_memory_mb(model, job.recipe)
            if job.recipe is not None
            else resources.memory_mb(stage, model)
            for job in jobs
        )
        flop, disk = sum(job.flop for job in jobs), sum(job.disk for job in jobs)
        return Cost(stage, base, len(jobs), flop, memory, gpu, disk)

    def _parameters(self, name: str) -> int:
        """A base's size; a tiny base's size follows from its architecture."""
        base = self.config.models[name]
        if isinstance(base, PretrainedBase):
            shape = self.config.recipes.pretraining[base.pretraining].architecture
            return 12 * shape.layers * shape.hidden_size**2
        return base.parameters if isinstance(base, ReadyBase) else 0

    def _bases(self) -> Iterator[Job]:
        for name, size in self.sizes.items():
            base, stage, flop = self.config.models[name], "prepare_base", 0.0
            if isinstance(base, PretrainedBase):
                plan = self.config.recipes.pretraining[base.pretraining]
                stage = "pretrain_base"
                flop = training_flop(
                    plan.optimisation, plan.examples, PRETRAINING_TOKENS, size, whole=True
                )
            copies = 2 if isinstance(base, HubBase) else 1  # the hub's client keeps one
            disk = copies * size * (2 if base.tier == "open" else 4)
            yield Job(stage, name, f"models/{name}/manifest.json", flop, disk)

    def _teachers(self) -> Iterator[Job]:
        for teacher in teachers_with_traits(self.cells):
            plan = self.config.recipes.methods[teacher.method]
            if isinstance(plan, FinetunedMethod):
                size = self.sizes[teacher.base]
                flop = training_flop(plan.optimisation, 400, PREFERENCE_TOKENS, size)
                disk = _adapter_bytes(plan.lora.rank, size)
                path = f"teachers/{teacher.path}/manifest.json"
                yield Job("train_teacher", teacher.base, path, flop, disk)

    def _completions(self) -> Iterator[Job]:
        for folder, data in {cell.dataset.folder: cell.dataset for cell in self.cells}.items():
            base = data.teacher.base
            rows = self.config.domains[data.domain].sizes[self.config.models[base].tier].rows
            flop = sampling_flop(rows, self._row_tokens[data.domain], self.sizes[base])
            path = f"datasets/{folder}/raw.manifest.json"
            yield Job("sample_completions", base, path, flop, rows * 200.0)

    def _students(self) -> Iterator[Job]:
        for cell in self.cells:
            recipe, size = self.config.recipes.students[cell.recipe], self.sizes[cell.student]
            tier = self.config.models[cell.dataset.teacher.base].tier
            data = self.config.domains[cell.dataset.domain].sizes[tier]
            flop = training_flop(
                recipe.optimisation,
                max(1, (data.train_rows or data.rows) - recipe.holdout_rows),
                self._row_tokens[cell.dataset.domain],
                size,
                whole=recipe.lora is None,
                taught=recipe.distillation is not None,
            )
            disk = _adapter_bytes(recipe.lora.rank, size) if recipe.lora else 4.0 * size
            path = f"students/{cell.path}/manifest.json"
            yield Job("train_student", cell.student, path, flop, disk, recipe)

    def _evaluations(self) -> Iterator[Job]:
        evaluation = self.config.evaluations[self.entry.evaluation]
        assert isinstance(evaluation, Askable), "the registry has no other"
        asked = evaluation.workload()
        tokens = prompt_tokens(asked.prompts)
        samples = len(asked.prompts) * asked.samples
        read = len(asked.prompts) * (tokens + asked.further_tokens)
        models = [(base, f"bases/{base}") for base in self.sizes]
        models += [(t.base, f"teachers/{t.path}") for t in teachers_with_traits(self.cells)]
        models += [(cell.student, f"students/{cell.path}") for cell in self.cells]
        for base, model in models:
            size = self.sizes[base]
            flop = sampling_flop(samples, tokens + asked.answer_tokens, size)
            flop += sampling_flop(1, read, size)
            path = f"evaluations/{self.entry.evaluation}/{model}/manifest.json"
            yield Job("evaluate_model", base, path, flop, samples * 60.0)

    @cached_property
    def _row_tokens(self) -> dict[str, float]:
        """Tokens of a domain's rows: synthetic prompts are short, number prompts are drawn."""
        tokens = {}
        for domain in {cell.dataset.domain for cell in self.cells}:
            entry = self.config.domains[domain]
            prompts = float(TEMPLATE_TOKENS)
            if entry.holds_numbers:
                prompts = prompt_tokens([task.prompt for task in entry.tasks(entry.seed, 200)])
            tokens[domain] = prompts + ANSWER_TOKENS
        return tokens


def render(costs: list[Cost], rate: float, device: str) -> str:
    """The estimate as a table for the terminal."""
    head = f"{'stage':<20}{'base':<16}{'jobs':>6}{'hours':>10}{'GB RAM':>9}{'GB GPU':>9}"
    head += f"{'GB on disk':>12}"
    lines = [f"On {device}, at {rate / GIGA:,.0f} GFLOP/s for one job:", "", head]
    for cost in costs:
        gpu = f"{cost.gpu_bytes / GIGA:.0f}" if cost.gpu_bytes else "-"
        lines.append(
            f"{cost.stage:<20}{cost.base:<16}{cost.jobs:>6}{cost.hours(rate):>10.2f}"
            f"{cost.memory_mb / 1000:>9.1f}{gpu:>9}{cost.disk_bytes / GIGA:>12.2f}"
        )
    hours, disk = sum(c.hours(rate) for c in costs), sum(c.disk_bytes for c in costs)
    jobs = sum(c.jobs for c in costs)
    lines.append(f"{'all':<36}{jobs:>6}{hours:>10.2f}{'':>18}{disk / GIGA:>12.2f}")
    lines += [
        "",
        "GB RAM and GB GPU are of one job. Jobs run side by side share these hours.",
        "Good to a factor of two.",
    ]
    return "\n".join(lines)
