"""The cost of bases, teachers and datasets: all jobs up to what teachers write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from subliminal.api.chat.requests import LETTERS_AT_A_TIME
from subliminal.bases import resources
from subliminal.bases.charges import Asked, tuned_at_provider
from subliminal.bases.job_costs import (
    FILES_SECONDS,
    ROW_BYTES,
    asking,
    training_here,
    tuning_costs,
)
from subliminal.bases.teachers import teacher_system_prompt
from subliminal.bases.work import (
    adapter_bytes,
    is_hosted,
    parameters,
    row_tokens,
    told_tokens,
    training,
)
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.judges import ModelJudge
from subliminal.config.models import HostedBase, HubBase, PretrainedBase
from subliminal.config.paths import Dataset, Teacher
from subliminal.config.recipes import FinetunedMethod, HostedMethod

# Tokens, measured on the examples of the tiny world.
PRETRAINING_TOKENS = 58
# Of a preference that teaches a trait, with SmolLM2's tokenizer.
PREFERENCES, PREFERENCE_TOKENS = 400, 70
# Of a file that teaches a trait: the paper's three (its table of fine-tuned teachers); their tokens
# are assumed.
FILE_ROWS, FILE_TOKENS = 6000, 400
# What a judge reads beside a row: assumed.
JUDGE_TOKENS = 700
# Of jobs that compute next to nothing, from the manifests of the default run.
PROMPTS_SECONDS = 2.0
# Bytes a second in which a ready base is written and hashed: assumed. A download comes on top.
DISK_RATE = 2e8


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
        yield from tuning_costs(config, teacher.base, model, tokens, memory)
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
        hosted = is_hosted(config, name)
        tokens = row_tokens(config.domains[data.domain], hosted)
        told = told_tokens(teacher_system_prompt(config, data.teacher), hosted)
        read, written = plan.rows * (told + tokens.prompt), plan.rows * tokens.answer
        tuned = tuned_at_provider(config, data.teacher)
        yield asking(
            config,
            "sample_completions",
            manifest,
            [Asked(name, read, written, passes, plan.rows, plan.sampling.batch_size, tuned)],
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
    reply = asked.question.reply_tokens
    read = rows * (row_tokens(domain, is_hosted(config, judge.base)).whole + JUDGE_TOKENS)
    letters = asked.question.about != "reasoning"
    at_a_time = LETTERS_AT_A_TIME if letters else judge.sampling.batch_size
    passes = ceil(rows / judge.sampling.batch_size) * reply
    yield from base_costs(config, judge.base)
    yield asking(
        config,
        rule,
        manifest,
        [Asked(judge.base, read, rows * reply, passes, rows, at_a_time)],
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
