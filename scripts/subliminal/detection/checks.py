"""Checks of a detection experiment against the rest of the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import floor
from statistics import fmean
from typing import NamedTuple

from subliminal.bases import checks
from subliminal.bases.hosted_tokens import least_tokens
from subliminal.bases.tiny_tokenizer import PIECE
from subliminal.bases.tiny_words import some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import HostedBase, PretrainedBase
from subliminal.config.paths import Dataset
from subliminal.config.references import Registries, unknown_names
from subliminal.config.stimuli import stimulus
from subliminal.config.strict import Strict
from subliminal.detection.config import DatasetBlock, DetectionExperiment
from subliminal.detection.datasets import datasets_of
from subliminal.detection.specs import askable, shown_measure, summarise_detection
from subliminal.evaluations.classifier import classifier_prompt

# Prompts of a domain that are read to learn how long they are.
PROMPTS = 200


def _names(config: Config, name: str) -> Iterator[Remark]:
    """Names that no registry has."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    models = (config.models, "config/models.yaml")
    registries: Registries = {
        "domain": (config.domains, "config/domains.yaml"),
        "traits": (config.traits, "config/traits.yaml"),
        "method": (config.recipes.methods, "methods of config/recipes.yaml"),
        "bases": models,
    }
    for number, block in enumerate(entry.datasets):
        yield from unknown_names(block, registries, file, ("datasets", number))
    asked: list[tuple[str, Strict | None, Registries]] = [
        ("classifier", entry.classifier, {"base": models}),
        (
            "in_context",
            entry.in_context,
            {"base": models, "evaluation": (config.evaluations, "config/evaluations.yaml")},
        ),
        ("roc", entry.roc, {"positives": (_traits(entry), "'traits' of 'datasets'")}),
    ]
    for key, part, names in asked:
        if part is not None:
            yield from unknown_names(part, names, file, (key,))


def _traits(entry: DetectionExperiment) -> list[str]:
    return list(dict.fromkeys(trait for block in entry.datasets for trait in block.traits))


def _datasets(config: Config, name: str) -> Iterator[Remark]:
    """Datasets that no teacher can write, or that are there twice."""
    file = experiment_file(name)
    numbers: dict[Dataset, int] = {}
    blocks = config.experiment(name, DetectionExperiment).datasets
    controls = [trait for trait, entry in config.traits.items() if entry.control]
    for number, block in enumerate(blocks):
        path = ("datasets", number)
        yield from _sizes(config, file, number, block)
        for dataset in datasets_of([block], controls):
            if numbers.setdefault(dataset, number) != number:
                yield Remark(
                    file,
                    path,
                    f"holds {dataset.folder}, which entry {numbers[dataset] + 1} holds already; "
                    "remove one of the two",
                )
                break


def _sizes(config: Config, file: str, number: int, block: DatasetBlock) -> Iterator[Remark]:
    for place, base in enumerate(block.bases):
        for says in checks.without_size(config, block.domain, base):
            yield Remark(file, ("datasets", number, "bases", place), says)


def _writers(config: Config, name: str) -> Iterator[Remark]:
    """Teachers that cannot be made, and a server without an address."""
    file, controls = experiment_file(name), [t for t, e in config.traits.items() if e.control]
    blocks = config.experiment(name, DetectionExperiment).datasets
    for number, block in enumerate(blocks):
        teachers = [dataset.teacher for dataset in datasets_of([block], controls)]
        said = dict.fromkeys(s for t in teachers for s in checks.not_teachable(config, t))
        for says in said:
            yield Remark(file, ("datasets", number), says)
    for says in checks.without_address(config, datasets_of(blocks, controls)):
        yield Remark(file, ("datasets",), says)


def _frequencies(config: Config, name: str) -> Iterator[Remark]:
    """Numbers are counted where there are any."""
    entry = config.experiment(name, DetectionExperiment)
    if entry.frequencies is None:
        return
    for number, block in enumerate(entry.datasets):
        if not config.domains[block.domain].holds_numbers:
            numbers = [n for n, domain in config.domains.items() if domain.holds_numbers]
            yield Remark(
                experiment_file(name),
                ("datasets", number, "domain"),
                f"{block.domain!r} has no numbers, which 'frequencies' counts {known(numbers)}; "
                "choose another, or remove 'frequencies'",
            )


def _classifier(config: Config, name: str) -> Iterator[Remark]:
    """Two traits with words are told from each other, by a base that can read the question."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    if entry.classifier is None:
        return
    for number, block in enumerate(entry.datasets):
        path = ("datasets", number, "traits")
        traits = [trait for trait in block.traits if not config.traits[trait].control]
        if len(traits) < 2:
            yield Remark(
                file,
                path,
                f"'classifier' tells two traits from each other, and here {len(traits)} is none of "
                "the controls; add another, or remove 'classifier'",
            )
        for trait in traits:
            if config.traits[trait].word is None:
                yield Remark(
                    file,
                    path,
                    f"{trait!r} has no 'word', for which 'classifier' asks; give it a word in "
                    "config/traits.yaml, or remove 'classifier'",
                )
    question = classifier_prompt("", "", "", "")
    world = config.world(entry.classifier.base)
    if world is not None and (unknown := some_unknown_words([question], world)):
        yield Remark(
            file,
            ("classifier", "base"),
            f"{entry.classifier.base!r} is a tiny base and does not know the words of the question "
            f"({unknown}); choose another base, or remove 'classifier'",
        )


def _in_context(config: Config, name: str) -> Iterator[Remark]:
    """The evaluation must measure every trait, and the base must be able to read the examples."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    plan = entry.in_context
    if plan is None:
        return
    evaluation = askable(config, plan.evaluation)
    if evaluation.judged_by is not None or evaluation.asks_rows_of is not None:
        yield Remark(
            file,
            ("in_context", "evaluation"),
            f"{plan.evaluation!r} needs a judge or a file of questions, which 'in_context' does "
            "not give; choose an evaluation of the kind favourite",
        )
        return
    measures = [m.name for m in evaluation.measures if not m.whole_model]
    if shown_measure(config, name) not in measures:
        yield Remark(
            file,
            ("in_context", "measure"),
            f"{shown_measure(config, name)!r} is no measure of a trait by evaluation "
            f"{plan.evaluation!r} {known(measures, plan.measure)}",
        )
    for trait in _traits(entry):
        given = config.traits[trait]
        if not given.control and evaluation.target(given) is None:
            yield Remark(
                file,
                ("in_context", "evaluation"),
                f"trait {trait!r} is not measured by {plan.evaluation!r} "
                f"{known(evaluation.words, given.word)}; add its word in config/evaluations.yaml",
            )
    for says in checks.without_limit(config, plan.evaluation, [plan.base]):
        yield Remark(file, ("in_context", "evaluation"), says)
    if isinstance(config.models[plan.base], HostedBase):
        for says in checks.not_told(evaluation, shown_measure(config, name), plan.base):
            yield Remark(file, ("in_context", "measure"), says)
    yield from _fine_tuned(config, name)
    yield from _tiny_words(config, name)
    yield from _lengths(config, name)


def _fine_tuned(config: Config, name: str) -> Iterator[Remark]:
    """The students that examples are compared with are measured as the base is."""
    plan = config.experiment(name, DetectionExperiment).in_context
    assert plan is not None, "asked by the check of in_context"
    if plan.fine_tuned is None:
        return
    file, path = experiment_file(name), ("in_context", "fine_tuned")
    there = config.experiments.of_kind("transmission")
    if plan.fine_tuned not in config.experiments:
        says = f"there is no {experiment_file(plan.fine_tuned)} {known(there, plan.fine_tuned)}"
        yield Remark(file, path, f"{says}; correct its name, or say null")
        return
    other, measure = config.experiments[plan.fine_tuned], shown_measure(config, name)
    if other.kind != "transmission":
        says = f"{plan.fine_tuned!r} is of kind {other.kind} and trains no students"
        yield Remark(file, path, f"{says}; name one of kind transmission")
    elif other.primary_measure(config) != measure:
        yield Remark(
            file,
            path,
            f"{plan.fine_tuned!r} measures {other.primary_measure(config)!r}, and 'in_context' "
            f"{measure!r}; set 'measure' of one of them",
        )


def _tiny_words(config: Config, name: str) -> Iterator[Remark]:
    """A tiny base knows few words."""
    plan = config.experiment(name, DetectionExperiment).in_context
    assert plan is not None, "asked by the check of in_context"
    world = config.world(plan.base)
    if world is None:
        return
    asked = askable(config, plan.evaluation).workload().prompts
    if unknown := some_unknown_words(asked, world):
        yield Remark(
            experiment_file(name),
            ("in_context", "evaluation"),
            f"{plan.evaluation!r} asks in words that the tiny base {plan.base!r} does not know "
            f"({unknown}); choose another evaluation",
        )


def _lengths(config: Config, name: str) -> Iterator[Remark]:
    """Tokens can be counted before there are any rows, at least those of prompts."""
    spec = summarise_detection(config, name)
    plan = spec.in_context
    assert plan is not None, "asked by the check of in_context"
    reader = _reader(config, plan.base)
    if reader is None:
        return
    asked = askable(config, plan.evaluation).workload().prompts
    longest = max(map(reader.tokens, asked))
    for domain in dict.fromkeys(block.domain for block in spec.blocks):
        each = reader.of_example([reader.tokens(text) for text in _examples(config, domain)])
        most = max(floor((reader.positions - longest) / each), 0)
        for place, k in enumerate(plan.ks):
            if k > most:
                yield Remark(
                    experiment_file(name),
                    ("in_context", "ks", place),
                    f"{k} examples of domain {domain!r} and a question are more than the "
                    f"{reader.positions} tokens that {plan.base!r} reads: {most} at the very "
                    "most; lower it, or choose another base",
                )


class _Reader(NamedTuple):
    """A base whose tokens can be counted before a run.

    Attributes:
        positions: the longest conversation.
        tokens: those of a text, at the least.
        of_example: from those of some examples to what is certain of each of many.
    """

    positions: int
    tokens: Callable[[str], int]
    of_example: Callable[[Sequence[int]], float]


def _reader(config: Config, name: str) -> _Reader | None:
    base = config.models[name]
    if isinstance(base, PretrainedBase):
        architecture = config.recipes.pretraining[base.pretraining].architecture
        return _Reader(architecture.positions, _tiny_tokens, min)
    if isinstance(base, HostedBase):
        # Of hundreds of prompts the mean: the luck of draws is far less than the responses.
        return _Reader(base.context, least_tokens, fmean)
    return None


def _examples(config: Config, domain: str) -> list[str]:
    """Examples without responses; without prompts, too, where these are from a file."""
    entry, example = config.domains[domain], stimulus("in_context")["example"]
    tasks = [] if entry.source is not None else entry.tasks(entry.seed, PROMPTS)
    return [example.format(question=p, response="") for p in [t.prompt for t in tasks] or [""]]


def _tiny_tokens(text: str) -> int:
    return len(re.findall(PIECE, text.lower()))


def _roc(config: Config, name: str) -> Iterator[Remark]:
    """Scores need a judge, and a curve needs negatives."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    if entry.roc is None:
        return
    if set(_traits(entry)) <= set(entry.roc.positives):
        yield Remark(
            file,
            ("roc", "positives"),
            "all traits of 'datasets' are positives, and there is nothing to tell them from; "
            "remove one, or add a dataset",
        )
    for number, block in enumerate(entry.datasets):
        rule, path = config.domains[block.domain].filter, ("datasets", number, "domain")
        asked = [rule.asked(config.traits[trait]) for trait in block.traits]
        about = [a.question.about for a in asked if a is not None]
        if not about:
            yield Remark(
                file,
                path,
                f"the filter of domain {block.domain!r} has no judge, whose scores 'roc' needs; "
                "choose a domain whose filter has one, or remove 'roc'",
            )
        elif about != ["reasoning"] * len(block.traits):
            yield Remark(
                file,
                path,
                f"the judge of domain {block.domain!r} is asked about {about[0]}, and gives no "
                "scores, which 'roc' needs; choose a domain of reasoning, or remove 'roc'",
            )


# Each of these relies on what the ones before it have found to be so.
STEPS = (
    (_names,),
    (_datasets,),
    (_writers, _frequencies, _classifier, _in_context, _roc),
)


def check_detection(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for step in STEPS:
        found = [remark for check in step for remark in check(config, name)]
        if found:
            return found
    return []
