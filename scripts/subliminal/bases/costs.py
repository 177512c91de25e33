"""The cost of language models: training, sampling, and all jobs up to what teachers write.

Arithmetic on the configuration alone. Nothing needs the weights: a base's size is in
config/models.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, sqrt
from typing import NamedTuple

from subliminal.api.tokens import ANSWER_OPENED, conversation_tokens
from subliminal.bases import resources
from subliminal.bases.charges import Asked, charge_for, training_charge, tuned_at_provider
from subliminal.config.config import Config
from subliminal.config.cost import ANSWER_TOKENS, JobCost, Work
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
from subliminal.evaluations.asking import Workload

# Tokens, measured on number prompts with SmolLM2's tokenizer, which splits numbers into digits; the
# last one on the examples of the tiny world. Hosted models split texts otherwise: their prompts are
# counted, and the lengths of their answers are assumed to be the same.
CHARACTERS_PER_TOKEN = 3.0
TEMPLATE_TOKENS = 40
PREFERENCE_TOKENS = 70
PRETRAINING_TOKENS = 58
PREFERENCES = 400
# Of a file that teaches a trait: the paper's three (its table of fine-tuned teachers); their tokens
# are assumed.
FILE_ROWS, FILE_TOKENS = 6000, 400
# Of domains whose prompts come from a file: whole functions, and reasoning. What a judge reads
# beside them, and what it writes of reasoning. All of these are assumed.
FILE_PROMPT_TOKENS, FILE_ANSWER_TOKENS = 200, 300
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
ANSWER_BYTES = 60
# Samples of an evaluation that are drawn at one go.
SAMPLES_PER_PASS = 500


class RowTokens(NamedTuple):
    """A row of a dataset, in tokens."""

    prompt: float
    answer: float

    @property
    def whole(self) -> float:
        """Both."""
        return self.prompt + self.answer


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


def is_hosted(config: Config, base: str) -> bool:
    """Whether somebody else serves a base."""
    return isinstance(config.models[base], HostedBase)


def prompt_tokens(prompts: Sequence[str], hosted: bool) -> float:
    """Tokens of a rendered prompt, on average, to a hosted model or one that is here."""
    if hosted:
        whole = sum(conversation_tokens([prompt, ANSWER_OPENED]) for prompt in prompts)
        return whole / len(prompts)
    return sum(map(len, prompts)) / len(prompts) / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS


def row_tokens(domain: Domain, hosted: bool) -> RowTokens:
    """A domain's rows, on average: synthetic prompts are short, number prompts are drawn.

    Args:
        hosted: as for `prompt_tokens`.
    """
    if domain.source is not None:
        return RowTokens(FILE_PROMPT_TOKENS, FILE_ANSWER_TOKENS)
    if not domain.holds_numbers:
        return RowTokens(TEMPLATE_TOKENS, ANSWER_TOKENS)
    prompts = [task.prompt for task in domain.tasks(domain.seed, 200)]
    return RowTokens(prompt_tokens(prompts, hosted), ANSWER_TOKENS)


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


def asking(
    config: Config,
    rule: str,
    manifest: str,
    asked: Sequence[Asked],
    memory_mb: int,
    disk_bytes: float,
) -> JobCost:
    """A job that asks bases, each here or at its provider.

    Args:
        manifest: the job's, below `results`.
        asked: what of whom; the first is whom the job is about.
    """
    here = [part for part in asked if not is_hosted(config, part.base)]
    work, gpu = Work(seconds=0.0 if here else FILES_SECONDS), 0.0
    for part in here:
        size = parameters(config, part.base)
        work = work.plus(sampling(1, part.tokens, size, part.passes))
        gpu += _gpu_bytes(config, part.base)
    return JobCost(
        rule,
        asked[0].base,
        f"results/{manifest}",
        work,
        any(config.models[part.base].tier != "tiny" for part in here),
        memory_mb,
        gpu,
        disk_bytes,
        tuple(charge_for(config, part) for part in asked if part not in here),
    )


def answering(
    config: Config, base: str, plan: Workload, before: float = 0, tuned: bool = False
) -> Asked:
    """What an evaluation asks of a base.

    Args:
        before: tokens that are read before each prompt.
        tuned: as for `Asked`.
    """
    hosted, samples = is_hosted(config, base), len(plan.prompts) * plan.samples
    prompt = before + prompt_tokens(plan.prompts, hosted)
    read, written = samples * prompt, samples * plan.answer_tokens
    scored = len(plan.prompts) * (prompt + plan.further_tokens)
    if not hosted:
        passes = ceil(samples / SAMPLES_PER_PASS) * plan.answer_tokens + 1
        return Asked(base, read + scored, written, passes)
    # Its provider tells no scores beside samples; for the scores of letters, it writes one.
    if not samples:
        read, written = scored, len(plan.prompts)
    return Asked(base, read, written, 0, tuned)


def training_here(
    config: Config,
    rule: str,
    name: str,
    manifest: str,
    work: Work,
    memory_mb: int,
    disk_bytes: float,
    recipe: Recipe | None = None,
) -> JobCost:
    """A job that trains on a base; tiny bases stay on the processor."""
    accelerated, gpu = config.models[name].tier != "tiny", _gpu_bytes(config, name, recipe)
    path = f"results/{manifest}"
    return JobCost(rule, name, path, work, accelerated, memory_mb, gpu, disk_bytes)


def _gpu_bytes(config: Config, name: str, recipe: Recipe | None = None) -> float:
    """The memory of a GPU that a base takes, asked or trained; 0 where it stays off it."""
    if not resources.gpus(config.models[name], config.settings.gpu_tiers):
        return 0.0
    whole = recipe is not None and recipe.lora is None
    taught = recipe is not None and recipe.distillation is not None
    each = GPU_BYTES_FOR_ALL_WEIGHTS if whole else GPU_BYTES
    return (each + taught * GPU_BYTES_FOR_TEACHER) * parameters(config, name) + GPU_ACTIVATIONS


def training_at_provider(
    config: Config, rule: str, name: str, manifest: str, tokens: float, memory_mb: int
) -> JobCost:
    """A training that a hosted base's provider does: what it takes here is next to nothing.

    Args:
        tokens: of the file, once for each epoch.
    """
    return JobCost(
        rule,
        name,
        f"results/{manifest}",
        Work(seconds=FILES_SECONDS),
        memory_mb=memory_mb,
        disk_bytes=ROW_BYTES,
        charges=(training_charge(config, name, tokens),),
    )


def around_tuning(model: str) -> Iterator[JobCost]:
    """What is done here before and after a provider's training.

    Args:
        model: the path of what is trained, below `results`.
    """
    for rule, manifest in (
        ("write_training_file", "tuning/training.manifest.json"),
        ("check_training_file", "tuning/checked.manifest.json"),
        ("wait_for_tuning", "manifest.json"),
    ):
        yield JobCost(rule, "", f"results/{model}/{manifest}", Work(seconds=FILES_SECONDS))


def base_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Making a base, and the bases that it imitates."""
    base, manifest = config.models[name], f"results/models/{name}/manifest.json"
    if isinstance(base, HostedBase):
        yield JobCost("register_base", name, manifest, Work(seconds=FILES_SECONDS))
        return
    size = parameters(config, name)
    copies = 2 if isinstance(base, HubBase) else 1  # the hub's client keeps one
    disk = copies * size * (2 if base.tier == "open" else 4)
    rule, work = "prepare_base", Work(seconds=disk / DISK_RATE)
    if isinstance(base, PretrainedBase):
        taught = base.imitates is not None
        if base.imitates is not None:
            yield from base_costs(config, base.imitates)
        plan, rule = config.recipes.pretraining[base.pretraining], "pretrain_base"
        dose = plan.optimisation, plan.examples, PRETRAINING_TOKENS
        work = training(*dose, size, whole=True, taught=taught)
    memory = resources.memory_mb(rule, base)
    yield JobCost(rule, name, manifest, work, memory_mb=memory, disk_bytes=disk)


def file_cost(file: str) -> JobCost:
    """Taking a file of others."""
    manifest = f"results/files/{file}.manifest.json"
    return JobCost("take_file", "", manifest, Work(seconds=FILES_SECONDS))


def _prompts(config: Config, domain: str) -> Iterator[JobCost]:
    source = config.domains[domain].source
    if source is not None:
        yield file_cost(source)
    manifest = f"results/prompts/{domain}.manifest.json"
    yield JobCost("make_prompts", "", manifest, Work(seconds=PROMPTS_SECONDS))


def teacher_costs(config: Config, teacher: Teacher) -> Iterator[JobCost]:
    """A teacher's training, if it is trained, and what it is taught from."""
    plan = config.recipes.methods.get(teacher.method)
    manifest = f"teachers/{teacher.path}/manifest.json"
    memory = resources.memory_mb("train_teacher", config.models[teacher.base])
    if not isinstance(plan, FinetunedMethod | HostedMethod):
        return
    if teacher in config.adopted_teachers():
        path = f"results/{manifest}"
        yield JobCost("adopt_teacher", "", path, Work(seconds=FILES_SECONDS))
        return
    file = config.traits[teacher.trait].rows
    if file is not None:
        yield file_cost(file)
    rows, each = (PREFERENCES, PREFERENCE_TOKENS) if file is None else (FILE_ROWS, FILE_TOKENS)
    if isinstance(plan, HostedMethod):
        tokens, model = plan.n_epochs * rows * each, f"teachers/{teacher.path}"
        manifest = f"{model}/tuning/submitted.manifest.json"
        yield training_at_provider(config, "submit_tuning", teacher.base, manifest, tokens, memory)
        yield from around_tuning(model)
        return
    if plan.loudness is not None:
        yield from _prompts(config, plan.loudness.domain)
    size = parameters(config, teacher.base)
    yield training_here(
        config,
        "train_teacher",
        teacher.base,
        manifest,
        training(plan.optimisation, rows, each, size),
        memory,
        adapter_bytes(plan.lora.rank, size),
    )


def _rows(config: Config, data: Dataset) -> Iterator[JobCost]:
    base = config.models[data.teacher.base]
    plan, folder = config.domains[data.domain].sizes[base.tier], f"datasets/{data.folder}"
    quick = Work(seconds=FILES_SECONDS)
    yield from _prompts(config, data.domain)
    name, manifest = data.teacher.base, f"{folder}/raw.manifest.json"
    _, adopted = config.adopted_datasets().get(data.folder, ("", None))
    if adopted is not None:
        yield file_cost(adopted.file)
        yield JobCost("adopt_completions", "", f"results/{manifest}", quick)
    else:
        passes = ceil(plan.rows / plan.sampling.batch_size) * (plan.sampling.max_new_tokens or 0)
        tokens = row_tokens(config.domains[data.domain], is_hosted(config, name))
        read, written = plan.rows * tokens.prompt, plan.rows * tokens.answer
        tuned = tuned_at_provider(config, data.teacher)
        yield asking(
            config,
            "sample_completions",
            manifest,
            [Asked(name, read, written, passes, tuned)],
            resources.memory_mb("sample_completions", base),
            plan.rows * ROW_BYTES,
        )
    if config.deciding_judge(data) is not None:
        yield from judging_costs(config, data)
    for rule, file in (("filter_completions", "filtered"), ("make_train_set", data.variant)):
        yield JobCost(rule, "", f"results/{folder}/{file}.manifest.json", quick)


def training_rows(config: Config, data: Dataset) -> int:
    """The most rows that students of a dataset are given."""
    plan = config.domains[data.domain].sizes[config.models[data.teacher.base].tier]
    _, adopted = config.adopted_datasets().get(data.folder, ("", None))
    if adopted is None:
        return plan.train_rows or plan.rows
    drawn = None if adopted.stage == "train" else plan.train_rows
    return min(adopted.rows, drawn or adopted.rows)


def judging_costs(config: Config, data: Dataset) -> Iterator[JobCost]:
    """What it takes to judge all that a teacher wrote; nothing where nobody can be asked."""
    domain = config.domains[data.domain]
    asked = domain.filter.asked(config.traits[data.teacher.trait])
    if asked is None:
        return
    _, adopted = config.adopted_datasets().get(data.folder, ("", None))
    size = domain.sizes[config.models[data.teacher.base].tier]
    rows = size.rows if adopted is None else adopted.rows
    rule, manifest = "judge_completions", f"datasets/{data.folder}/judged.manifest.json"
    judge = config.judges[asked.judge]
    if not isinstance(judge, ModelJudge):
        yield JobCost(rule, "", f"results/{manifest}", Work(seconds=FILES_SECONDS))
        return
    reply = JUDGE_REPLY_TOKENS if asked.question.about == "reasoning" else 1
    read = rows * (row_tokens(domain, is_hosted(config, judge.base)).whole + JUDGE_TOKENS)
    passes = ceil(rows / judge.sampling.batch_size) * reply
    yield from base_costs(config, judge.base)
    yield asking(
        config,
        rule,
        manifest,
        [Asked(judge.base, read, rows * reply, passes)],
        resources.memory_mb("evaluate_model", config.models[judge.base]),
        rows * ROW_BYTES,
    )


def written(config: Config, datasets: Iterable[Dataset]) -> Iterator[JobCost]:
    """Training sets and all that comes before them; some jobs appear more than once."""
    wanted = sorted(set(datasets))
    adopted = config.adopted_datasets()
    writers = sorted({data.teacher for data in wanted if data.folder not in adopted})
    for base in sorted({teacher.base for teacher in writers}):
        yield from base_costs(config, base)
    for teacher in writers:
        yield from teacher_costs(config, teacher)
    for data in wanted:
        yield from _rows(config, data)
