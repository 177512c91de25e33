"""What an experiment will cost, before anything of it is computed.

Arithmetic per stage, from the configuration alone, over the rate that a short calibration found on
this device. Good to a factor of two: it is there to tell minutes from days. Nothing here needs the
weights: a base's size is in config/models.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

from subliminal import resources, stimuli
from subliminal.cells import Cell, bases_of, teachers_with_traits
from subliminal.config import (
    Base,
    FinetunedMethod,
    HubBase,
    Optimisation,
    PretrainedBase,
    Recipe,
    TransmissionExperiment,
)
from subliminal.project import Project
from subliminal.specs import is_finetuned

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
# As its rule says: it makes tiny bases alone.
PRETRAINING_MB = 2000
# These rules ask for no GPU.
BASE_STAGES = ("pretrain_base", "prepare_base")
# Adapter parameters per unit of rank over the square root of the base's: 26 for all linear layers
# of SmolLM2-135M and of Qwen2.5-7B alike.
ADAPTER_SHAPE = 26
GIGA = 1e9


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


def parameters_of(project: Project, name: str) -> int:
    """A base's size; that of a tiny one follows from its architecture."""
    base = project.config.models[name]
    if not isinstance(base, PretrainedBase):
        return base.parameters
    shape = project.config.recipes.pretraining[base.pretraining].architecture
    return 12 * shape.layers * shape.hidden_size**2


def _weights_bytes(base: Base, parameters: int) -> float:
    """On disk; the hub's client keeps a copy of what it has fetched."""
    copies = 2 if isinstance(base, HubBase) else 1
    return copies * parameters * (2 if base.tier == "open" else 4)


def _gpu_bytes(parameters: int, recipe: Recipe | None) -> float:
    whole = recipe is not None and recipe.lora is None
    taught = recipe is not None and recipe.distillation is not None
    each = GPU_BYTES_FOR_ALL_WEIGHTS if whole else GPU_BYTES
    return (each + taught * GPU_BYTES_FOR_TEACHER) * parameters + GPU_ACTIVATIONS


def _adapter_bytes(rank: int, parameters: int) -> float:
    return rank * ADAPTER_SHAPE * sqrt(parameters) * 4


def _missing(path: str, root: Path) -> bool:
    return not (root / "results" / path).exists()


class Estimator:
    """The costs of one transmission experiment."""

    def __init__(self, project: Project, experiment: str) -> None:
        """Look at a checked configuration and at what has been computed of it."""
        self.project = project
        self.config = project.config
        self.entry = project.config.experiment(experiment, TransmissionExperiment)
        self.cells = project.cells[experiment]
        self.teachers = sorted({cell.dataset.teacher for cell in self.cells})

    def costs(self) -> list[Cost]:
        """One line per stage and base, in the order of the workflow; finished jobs are left out."""
        found = [*self._bases(), *self._teachers(), *self._completions(), *self._students()]
        return [*found, *self._evaluations()]

    def _todo(self, paths: Iterable[str]) -> int:
        return sum(_missing(path, self.project.root) for path in paths)

    def _cost(
        self,
        stage: str,
        base: str,
        paths: list[str],
        flop: float,
        disk: float,
        recipe: Recipe | None = None,
    ) -> list[Cost]:
        jobs = self._todo(paths)
        if not jobs:
            return []
        model = self.config.models[base]
        if stage == "pretrain_base":
            memory = PRETRAINING_MB
        elif recipe is not None:
            memory = resources.student_memory_mb(model, recipe)
        else:
            memory = resources.memory_mb(stage, model)
        gpu = 0.0
        if stage not in BASE_STAGES and resources.gpus(model, self.config.settings.gpu_tiers):
            gpu = _gpu_bytes(parameters_of(self.project, base), recipe)
        return [Cost(stage, base, jobs, jobs * flop, memory, gpu, jobs * disk)]

    def _bases(self) -> list[Cost]:
        costs = []
        for name in bases_of(self.cells):
            base, size = self.config.models[name], parameters_of(self.project, name)
            stage, flop = "prepare_base", 0.0
            if isinstance(base, PretrainedBase):
                plan = self.config.recipes.pretraining[base.pretraining]
                stage = "pretrain_base"
                flop = training_flop(
                    plan.optimisation, plan.examples, PRETRAINING_TOKENS, size, whole=True
                )
            disk = _weights_bytes(base, size)
            costs += self._cost(stage, name, [f"models/{name}/manifest.json"], flop, disk)
        return costs

    def _teachers(self) -> list[Cost]:
        costs = []
        tuned = [t for t in self.teachers if is_finetuned(self.config, t)]
        for base, method in sorted({(t.base, t.method) for t in tuned}):
            plan = self.config.recipes.methods[method]
            assert isinstance(plan, FinetunedMethod)
            size = parameters_of(self.project, base)
            paths = [
                f"teachers/{t.path}/manifest.json"
                for t in tuned
                if (t.base, t.method) == (base, method)
            ]
            flop = training_flop(plan.optimisation, 400, PREFERENCE_TOKENS, size)
            disk = _adapter_bytes(plan.lora.rank, size)
            costs += self._cost("train_teacher", base, paths, flop, disk)
        return costs

    def _completions(self) -> list[Cost]:
        costs = []
        sets = {cell.dataset.folder: cell.dataset for cell in self.cells}.values()
        for base, domain in sorted({(d.teacher.base, d.domain) for d in sets}):
            size = self.config.domains[domain].sizes[self.config.models[base].tier]
            tokens = self._prompt_tokens(domain) + ANSWER_TOKENS
            paths = [
                f"datasets/{d.folder}/raw.manifest.json"
                for d in sets
                if (d.teacher.base, d.domain) == (base, domain)
            ]
            flop = sampling_flop(size.rows, tokens, parameters_of(self.project, base))
            costs += self._cost("sample_completions", base, paths, flop, size.rows * 200.0)
        return costs

    def _students(self) -> list[Cost]:
        costs = []
        kinds = sorted({(c.student, c.recipe, c.dataset.domain) for c in self.cells})
        for base, recipe_name, domain in kinds:
            recipe = self.config.recipes.students[recipe_name]
            cells = [
                cell
                for cell in self.cells
                if (cell.student, cell.recipe, cell.dataset.domain) == (base, recipe_name, domain)
            ]
            size = parameters_of(self.project, base)
            tokens = self._prompt_tokens(domain) + ANSWER_TOKENS
            flop = training_flop(
                recipe.optimisation,
                self._rows(cells[0], recipe),
                tokens,
                size,
                whole=recipe.lora is None,
                taught=recipe.distillation is not None,
            )
            paths = [f"students/{cell.path}/manifest.json" for cell in cells]
            disk = _adapter_bytes(recipe.lora.rank, size) if recipe.lora else 4.0 * size
            costs += self._cost("train_student", base, paths, flop, disk, recipe)
        return costs

    def _rows(self, cell: Cell, recipe: Recipe) -> int:
        tier = self.config.models[cell.dataset.teacher.base].tier
        size = self.config.domains[cell.dataset.domain].sizes[tier]
        return max(1, (size.train_rows or size.rows) - recipe.holdout_rows)

    def _evaluations(self) -> list[Cost]:
        plan = self.config.evaluations[self.entry.evaluation]
        questions = stimuli.questions(plan.questions)
        tokens = prompt_tokens(questions)
        samples = len(questions) * plan.samples_per_question
        answer = min(plan.sampling.max_new_tokens, ANSWER_TOKENS)
        # The deterministic share reads every question once, and starts of the candidates' forms.
        read = len(questions) * (tokens + 2 * len(plan.candidates))
        folder = f"evaluations/{self.entry.evaluation}"
        models: dict[str, list[str]] = {}
        for base in bases_of(self.cells):
            models.setdefault(base, []).append(f"{folder}/bases/{base}/manifest.json")
        for teacher in teachers_with_traits(self.cells):
            models[teacher.base].append(f"{folder}/teachers/{teacher.path}/manifest.json")
        for cell in self.cells:
            models[cell.student].append(f"{folder}/students/{cell.path}/manifest.json")
        costs = []
        for base, paths in models.items():
            size = parameters_of(self.project, base)
            flop = sampling_flop(samples, tokens + answer, size) + sampling_flop(1, read, size)
            costs += self._cost("evaluate_model", base, paths, flop, samples * 60.0)
        return costs

    def _prompt_tokens(self, domain: str) -> float:
        # The synthetic domains' prompts are short; number prompts are drawn as they will be.
        entry = self.config.domains[domain]
        if entry.generator != "numbers":
            return float(TEMPLATE_TOKENS)
        return prompt_tokens(stimuli.number_prompts(entry.seed, 200))


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
