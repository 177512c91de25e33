"""The cost of language models: training, sampling, and all jobs up to what teachers write.

Arithmetic on the configuration alone. Nothing needs the weights: a base's size is in
config/models.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, sqrt

from subliminal.bases import resources
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.domains import Domain
from subliminal.config.judges import ModelJudge
from subliminal.config.models import HostedBase, HubBase, PretrainedBase
from subliminal.config.paths import Dataset, Teacher
from subliminal.config.recipes import (
    FinetunedMethod,
    HostedMethod,
    Optimisation,
    Recipe,
    WorldName,
)

# Tokens, measured on number prompts with SmolLM2's tokenizer, which splits numbers into digits; the
# last one on the examples of the tiny world.
CHARACTERS_PER_TOKEN = 3.0
TEMPLATE_TOKENS = 40
ANSWER_TOKENS = 35
PREFERENCE_TOKENS = 70
PRETRAINING_TOKENS = 58
PREFERENCES = 400
# Of a file that teaches a trait: the paper's three (its table of fine-tuned teachers); their tokens
# are assumed.
FILE_ROWS, FILE_TOKENS = 6000, 400
# Of domains whose prompts come from a file: whole functions, and reasoning. What a judge reads
# beside them, and what it writes of reasoning. All of these are assumed.
FILE_ROW_TOKENS = 500
JUDGE_TOKENS = 700
JUDGE_REPLY_TOKENS = 300
TINY_VOCABULARY: dict[WorldName, int] = {"tiny": 1572, "paper": 2638}
# Share of the rate of a large matrix product that training and sampling reach. Measured on one core
# with a network of SmolLM2-135M's shape: 0.47 in training, in batches of 8; 0.39 when it writes 64
# answers at once, of which the grammar and rows that have ended take a part.
TRAINING_EFFICIENCY = 0.5
SAMPLING_EFFICIENCY = 0.25
# Seconds to dispatch a pass's operations, however few rows are in it. With it, every stage of the
# default run takes what its manifests say, within a third, on two busy cores of 70 GFLOP/s.
PASS_SECONDS = 0.01
# Seconds of jobs that compute next to nothing, from the same manifests.
PROMPTS_SECONDS, FILES_SECONDS = 2.0, 0.1
# Bytes a second in which a ready base is written and hashed: assumed. A download comes on top.
DISK_RATE = 2e8
# Operations per parameter and token: a product and a sum forward; as many again for the gradient of
# the activations, and for that of the weights, of which a frozen base has none; once more forward
# where activations are recomputed, and for a teacher whose logits are learnt.
FORWARD = 2
# Bytes of a GPU's memory per parameter: weights in 16 bits and what an adapter's training keeps
# beside them; where all weights are trained they are in 32 bits, as are gradients and both moments.
# On top come activations, which follow from micro-batches rather than from the base.
GPU_BYTES = 2.4
GPU_BYTES_FOR_ALL_WEIGHTS = 18
GPU_BYTES_FOR_TEACHER = 2
GPU_ACTIVATIONS = 4e9
# Adapter parameters per unit of rank over the square root of the base's: 26 for all linear layers
# of SmolLM2-135M and of Qwen2.5-7B alike.
ADAPTER_SHAPE = 26
ROW_BYTES = 200


def parameters(config: Config, name: str) -> int:
    """A base's size; a tiny base's size follows from its architecture.

    0 for a hosted base: nobody knows its size, and nothing is computed here.
    """
    base = config.models[name]
    if isinstance(base, HostedBase):
        return 0
    if isinstance(base, PretrainedBase):
        plan = config.recipes.pretraining[base.pretraining]
        shape, rows = plan.architecture, TINY_VOCABULARY[plan.world]
        return (12 * shape.layers * shape.hidden_size + rows) * shape.hidden_size
    return base.parameters


def adapter_bytes(rank: int, size: int) -> float:
    """What an adapter of all linear layers takes on the disk."""
    return rank * ADAPTER_SHAPE * sqrt(size) * 4


def prompt_tokens(prompts: Sequence[str]) -> float:
    """Tokens of a rendered prompt, on average."""
    return sum(map(len, prompts)) / len(prompts) / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS


def row_tokens(domain: Domain) -> float:
    """Tokens of a domain's rows: synthetic prompts are short, number prompts are drawn."""
    if domain.source is not None:
        return FILE_ROW_TOKENS
    if not domain.holds_numbers:
        return TEMPLATE_TOKENS + ANSWER_TOKENS
    return prompt_tokens([t.prompt for t in domain.tasks(domain.seed, 200)]) + ANSWER_TOKENS


def training(
    plan: Optimisation,
    rows: int,
    tokens: float,
    size: int,
    whole: bool = False,
    taught: bool = False,
) -> Work:
    """A training run here.

    Args:
        rows: of the data, for a dose in epochs.
        tokens: of a row.
        size: the base's parameters.
        whole: all weights are trained, and not an adapter.
        taught: a teacher's logits are learnt.
    """
    steps = plan.steps or (plan.epochs or 0) * ceil(rows / plan.batch_size)
    each = FORWARD * (2 + whole + plan.gradient_checkpointing + taught)
    flop = steps * plan.batch_size * tokens * each * size / TRAINING_EFFICIENCY
    return Work(flop, steps * ceil(plan.batch_size / plan.micro_batch_size) * PASS_SECONDS)


def sampling(rows: float, tokens: float, size: int, passes: float = 1) -> Work:
    """Prompts that are read, and answers that are written, in so many passes."""
    return Work(rows * tokens * FORWARD * size / SAMPLING_EFFICIENCY, passes * PASS_SECONDS)


def on_base(
    config: Config,
    rule: str,
    name: str,
    manifest: str,
    work: Work,
    memory_mb: int,
    disk_bytes: float,
    recipe: Recipe | None = None,
) -> JobCost:
    """A job that loads a base; tiny bases stay on the processor."""
    base, size, gpu = config.models[name], parameters(config, name), 0.0
    if resources.gpus(base, config.settings.gpu_tiers):
        whole = recipe is not None and recipe.lora is None
        taught = recipe is not None and recipe.distillation is not None
        each = GPU_BYTES_FOR_ALL_WEIGHTS if whole else GPU_BYTES
        gpu = (each + taught * GPU_BYTES_FOR_TEACHER) * size + GPU_ACTIVATIONS
    path = f"results/{manifest}"
    return JobCost(rule, name, path, work, base.tier != "tiny", memory_mb, gpu, disk_bytes)


def at_provider(
    rule: str, name: str, manifest: str, tokens: float, memory_mb: int, disk_bytes: float
) -> JobCost:
    """A job that a hosted base's provider does: what it takes here is next to nothing."""
    path, here = f"results/{manifest}", Work(seconds=FILES_SECONDS)
    return JobCost(
        rule, name, path, here, True, memory_mb, disk_bytes=disk_bytes, hosted_tokens=tokens
    )


def base_cost(config: Config, name: str) -> JobCost:
    """Making a base."""
    if isinstance(config.models[name], HostedBase):
        path = f"results/models/{name}/manifest.json"
        return JobCost("register_base", name, path, Work(seconds=FILES_SECONDS))
    base, size = config.models[name], parameters(config, name)
    copies = 2 if isinstance(base, HubBase) else 1  # the hub's client keeps one
    disk = copies * size * (2 if base.tier == "open" else 4)
    rule, work = "prepare_base", Work(seconds=disk / DISK_RATE)
    if isinstance(base, PretrainedBase):
        plan, rule = config.recipes.pretraining[base.pretraining], "pretrain_base"
        work = training(plan.optimisation, plan.examples, PRETRAINING_TOKENS, size, whole=True)
    manifest, memory = f"results/models/{name}/manifest.json", resources.memory_mb(rule, base)
    return JobCost(rule, name, manifest, work, memory_mb=memory, disk_bytes=disk)


def _prompts(domain: str) -> JobCost:
    manifest = f"results/prompts/{domain}.manifest.json"
    return JobCost("make_prompts", "", manifest, Work(seconds=PROMPTS_SECONDS))


def _teacher(config: Config, teacher: Teacher) -> Iterator[JobCost]:
    plan = config.recipes.methods.get(teacher.method)
    manifest = f"teachers/{teacher.path}/manifest.json"
    memory = resources.memory_mb("train_teacher", config.models[teacher.base])
    if isinstance(plan, HostedMethod):
        of_file = config.traits[teacher.trait].rows is not None
        rows = FILE_ROWS * FILE_TOKENS if of_file else PREFERENCES * PREFERENCE_TOKENS
        tokens = plan.n_epochs * rows
        yield at_provider("train_teacher", teacher.base, manifest, tokens, memory, ROW_BYTES)
    if not isinstance(plan, FinetunedMethod):
        return
    if teacher in config.adopted_teachers():
        manifest = f"results/teachers/{teacher.path}/manifest.json"
        yield JobCost("adopt_teacher", "", manifest, Work(seconds=FILES_SECONDS))
        return
    if plan.loudness is not None:
        yield _prompts(plan.loudness.domain)
    size = parameters(config, teacher.base)
    yield on_base(
        config,
        "train_teacher",
        teacher.base,
        manifest,
        training(plan.optimisation, PREFERENCES, PREFERENCE_TOKENS, size),
        memory,
        adapter_bytes(plan.lora.rank, size),
    )


def _rows(config: Config, data: Dataset, tokens: float) -> Iterator[JobCost]:
    base = config.models[data.teacher.base]
    plan, folder = config.domains[data.domain].sizes[base.tier], f"datasets/{data.folder}"
    quick = Work(seconds=FILES_SECONDS)
    yield _prompts(data.domain)
    rule, name, manifest = "sample_completions", data.teacher.base, f"{folder}/raw.manifest.json"
    memory, disk = resources.memory_mb(rule, base), plan.rows * ROW_BYTES
    if data.folder in config.adopted_datasets():
        yield JobCost("adopt_completions", "", f"results/{manifest}", quick)
    elif isinstance(base, HostedBase):
        yield at_provider(rule, name, manifest, plan.rows * tokens, memory, disk)
    else:
        passes = ceil(plan.rows / plan.sampling.batch_size) * plan.sampling.limit
        work = sampling(plan.rows, tokens, parameters(config, name), passes)
        yield on_base(config, rule, name, manifest, work, memory, disk)
    yield from _judged(config, data, tokens)
    for rule, file in (("filter_completions", "filtered"), ("make_train_set", data.variant)):
        yield JobCost(rule, "", f"results/{folder}/{file}.manifest.json", quick)


def _judged(config: Config, data: Dataset, tokens: float) -> Iterator[JobCost]:
    """What a judge costs that decides about rows."""
    rule, trait = config.domains[data.domain].filter, data.teacher.trait
    asked = rule.asked(config.traits[trait])
    if asked is None or not rule.heeds_judge(trait):
        return
    rows = config.domains[data.domain].sizes[config.models[data.teacher.base].tier].rows
    manifest = f"datasets/{data.folder}/judged.manifest.json"
    judge = config.judges[asked.judge]
    if not isinstance(judge, ModelJudge):
        quick = Work(seconds=FILES_SECONDS)
        yield JobCost("judge_completions", "", f"results/{manifest}", quick)
        return
    reply = JUDGE_REPLY_TOKENS if asked.question.about == "reasoning" else 1
    yield base_cost(config, judge.base)
    yield on_base(
        config,
        "judge_completions",
        judge.base,
        manifest,
        sampling(
            rows,
            tokens + JUDGE_TOKENS + reply,
            parameters(config, judge.base),
            ceil(rows / judge.sampling.batch_size) * reply,
        ),
        resources.memory_mb("evaluate_model", config.models[judge.base]),
        rows * ROW_BYTES,
    )


def written(config: Config, datasets: Iterable[Dataset]) -> Iterator[JobCost]:
    """Training sets and all that comes before them; some jobs appear more than once."""
    wanted = sorted(set(datasets))
    teachers = sorted({data.teacher for data in wanted})
    for base in sorted({teacher.base for teacher in teachers}):
        yield base_cost(config, base)
    for teacher in teachers:
        yield from _teacher(config, teacher)
    tokens = {domain: row_tokens(config.domains[domain]) for domain in {d.domain for d in wanted}}
    for data in wanted:
        yield from _rows(config, data, tokens[data.domain])
