"""Checks of a detection experiment against the rest of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator

from subliminal.bases.tiny_tokenizer import PIECE
from subliminal.bases.tiny_words import some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import PretrainedBase
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
    domain = config.domains[block.domain]
    for place, base in enumerate(block.bases):
        tier, path = config.models[base].tier, ("datasets", number, "bases", place)
        if domain.only_tier not in (None, tier):
            yield Remark(
                file,
                path,
                f"domain {block.domain!r} (generator {domain.generator!r}) is for "
                f"{domain.only_tier} bases, found {base!r}; choose another domain",
            )
        elif tier not in domain.sizes:
            yield Remark(
                file,
                path,
                f"domain {block.domain!r} has no size for tier {tier!r} of base {base!r} "
                f"{known(domain.sizes)}; add sizes: {tier}: to it in config/domains.yaml",
            )


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
    yield from _tiny_reader(config, name)


def _tiny_reader(config: Config, name: str) -> Iterator[Remark]:
    """A tiny base knows few words, and its tokens can be counted before there are any rows."""
    file, spec = experiment_file(name), summarise_detection(config, name)
    plan = spec.in_context
    assert plan is not None, "asked by the check of in_context"
    base = config.models[plan.base]
    if not isinstance(base, PretrainedBase):
        return
    asked = askable(config, plan.evaluation).workload().prompts
    if unknown := some_unknown_words(asked, config.world(plan.base) or "tiny"):
        yield Remark(
            file,
            ("in_context", "evaluation"),
            f"{plan.evaluation!r} asks in words that the tiny base {plan.base!r} does not know "
            f"({unknown}); choose another evaluation",
        )
    positions = config.recipes.pretraining[base.pretraining].architecture.positions
    longest = max(map(_tiny_tokens, asked))
    for domain in dict.fromkeys(block.domain for block in spec.blocks):
        entry = config.domains[domain]
        tasks, example = entry.tasks(entry.seed, PROMPTS), stimulus("in_context")["example"]
        shortest = min(_tiny_tokens(example.format(question=t.prompt, response="")) for t in tasks)
        most = (positions - longest) // shortest
        for place, k in enumerate(plan.ks):
            if k > most:
                yield Remark(
                    file,
                    ("in_context", "ks", place),
                    f"{k} examples of domain {domain!r} and a question are more than the "
                    f"{positions} tokens that {plan.base!r} reads: {max(most, 0)} at the very "
                    "most; lower it, or choose another base",
                )


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
        if getattr(config.domains[block.domain].filter, "judge", None) is None:
            yield Remark(
                file,
                ("datasets", number, "domain"),
                f"the filter of domain {block.domain!r} has no judge, whose scores 'roc' needs; "
                "choose a domain whose filter has one, or remove 'roc'",
            )


# Each of these relies on what the ones before it have found to be so.
STEPS = (
    (_names,),
    (_datasets,),
    (_frequencies, _classifier, _in_context, _roc),
)


def check_detection(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for checks in STEPS:
        found = [remark for check in checks for remark in check(config, name)]
        if found:
            return found
    return []
