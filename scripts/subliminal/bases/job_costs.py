"""The cost of jobs that ask or train a base, here or at its provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from subliminal.api.chat.requests import LETTERS_AT_A_TIME
from subliminal.bases import resources
from subliminal.bases.charges import Asked, charge_for, training_charge, tuning_wait
from subliminal.bases.work import is_hosted, parameters, prompt_tokens, sampling
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.recipes import Recipe
from subliminal.evaluations.asking import Workload

# Of jobs that compute next to nothing, from the manifests of the default run.
FILES_SECONDS = 0.1
# Bytes of a GPU's memory per parameter: weights in 16 bits and what an adapter's training keeps
# beside them; where all weights are trained they are in 32 bits, as are gradients and both moments.
# On top come activations, which follow from micro-batches rather than from the base.
GPU_BYTES = 2.4
GPU_BYTES_FOR_ALL_WEIGHTS = 18
GPU_BYTES_FOR_TEACHER = 2
GPU_ACTIVATIONS = 4e9
ROW_BYTES = 200
ANSWER_BYTES = 60
# Samples of an evaluation that are drawn at one go.
SAMPLES_PER_PASS = 500


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
        return Asked(base, read + scored, written, passes, samples, SAMPLES_PER_PASS)
    # Its provider tells no scores beside samples; for the scores of letters, it writes one.
    if not samples:
        read, written = scored, len(plan.prompts)
    requests, at_a_time = samples or len(plan.prompts), plan.at_a_time or LETTERS_AT_A_TIME
    return Asked(base, read, written, 0, requests, at_a_time, tuned)


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


def tuning_costs(
    config: Config, base: str, model: str, tokens: float, memory_mb: int
) -> Iterator[JobCost]:
    """A training that a hosted base's provider does, and what is done here before and after it.

    What it takes here is next to nothing.

    Args:
        model: the path of what is trained, below `results`.
        tokens: of the file, once for each epoch.
    """
    folder, quick = f"results/{model}/tuning", Work(seconds=FILES_SECONDS)
    for rule, file in (("write_training_file", "training"), ("check_training_file", "checked")):
        yield JobCost(rule, "", f"{folder}/{file}.manifest.json", quick)
    yield JobCost(
        "submit_tuning",
        base,
        f"{folder}/submitted.manifest.json",
        quick,
        memory_mb=memory_mb,
        disk_bytes=ROW_BYTES,
        charges=(training_charge(config, base, tokens),),
    )
    manifest = f"results/{model}/manifest.json"
    wait = tuning_wait(config, base, tokens)
    yield JobCost("wait_for_tuning", base, manifest, quick, wait=wait)
