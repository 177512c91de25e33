"""The cost of a detection experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from subliminal.api.chat.requests import LETTERS_AT_A_TIME
from subliminal.bases import costs, job_costs, resources, work
from subliminal.bases.charges import Asked
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.config.paths import Dataset
from subliminal.config.stimuli import stimulus
from subliminal.detection.classifying import AT_ONE_GO, LITERAL_WORD
from subliminal.detection.config import DetectionExperiment
from subliminal.detection.specs import SummariseDetectionSpec, askable, summarise_detection

SUMMARY_SECONDS = 2.0
# A wording, a number, two log-probabilities and two truth values, compressed.
JUDGED_BYTES = 24


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures; some appear more than once."""
    entry = config.experiment(name, DetectionExperiment)
    spec = summarise_detection(config, name)
    yield from _datasets(config, spec)
    for plan in (entry.classifier, entry.in_context):
        if plan is not None:
            yield from costs.base_costs(config, plan.base)
    yield from _classifier(config, spec)
    yield from _in_context(config, spec)
    manifest = f"results/tables/{name}/manifest.json"
    yield JobCost("summarise_detection", "", manifest, Work(seconds=SUMMARY_SECONDS))


def _datasets(config: Config, spec: SummariseDetectionSpec) -> Iterator[JobCost]:
    """Datasets as far as they are read, and all that comes before them."""
    stages = spec.read_by_stage
    wanted = dict.fromkeys(data for datasets in stages.values() for data in datasets)
    unread = {
        "make_train_set": _manifests(wanted, "train") - _manifests(stages["train"], "train"),
        "filter_completions": _manifests(wanted, "filtered")
        - _manifests([*stages["train"], *stages["filtered"]], "filtered"),
    }
    for cost in costs.written(config, wanted):
        if cost.manifest not in unread.get(cost.rule, ()):
            yield cost
    for data in stages["judged"]:
        yield from costs.judging_costs(config, data)


def _manifests(datasets: Iterable[Dataset], stage: str) -> set[str]:
    return {f"results/datasets/{data.folder}/{stage}.manifest.json" for data in datasets}


def _asking(config: Config, rule: str, manifest: str, asked: Asked, disk: float) -> JobCost:
    """A job that asks a base."""
    memory = resources.memory_mb("evaluate_model", config.models[asked.base])
    return job_costs.asking(config, rule, manifest.removeprefix("results/"), [asked], memory, disk)


def _classifier(config: Config, spec: SummariseDetectionSpec) -> Iterator[JobCost]:
    if spec.classifier is None:
        return
    most = spec.classifier.most_pairs
    question = len(stimulus("classifier")["template"]) / work.CHARACTERS_PER_TOKEN
    for pair in spec.pairs:
        domain, teacher = config.domains[pair.target.domain], pair.target.teacher
        # All of them, if the filter keeps every row.
        rows = domain.sizes[config.models[teacher.base].tier].rows
        shown = min(rows, most or rows)
        prompts = shown * (1 if config.traits[teacher.trait].word == LITERAL_WORD else 2)
        row = work.row_tokens(domain, work.is_hosted(config, spec.classifier.base))
        passes = ceil(prompts / AT_ONE_GO)
        read = prompts * (question + row.whole + row.answer)
        yield _asking(
            config,
            "classify_pairs",
            spec.answers_manifest(pair),
            Asked(spec.classifier.base, read, prompts, passes, prompts, LETTERS_AT_A_TIME),
            2 * shown * JUDGED_BYTES,
        )


def _in_context(config: Config, spec: SummariseDetectionSpec) -> Iterator[JobCost]:
    if spec.in_context is None:
        return
    base, plan = spec.in_context.base, askable(config, spec.in_context.evaluation).workload()
    for context in (None, *spec.contexts):
        examples = 0.0
        if context is not None:
            domain = config.domains[context.dataset.domain]
            examples = context.k * work.row_tokens(domain, work.is_hosted(config, base)).whole
        yield _asking(
            config,
            "evaluate_in_context" if context else "evaluate_base",
            spec.scores_manifest(context),
            job_costs.answering(config, base, plan, examples),
            len(plan.prompts) * plan.samples * job_costs.ANSWER_BYTES,
        )
