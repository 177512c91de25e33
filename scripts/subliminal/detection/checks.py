"""Checks of a detection experiment against the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.bases import checks
from subliminal.bases.tiny_words import some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.paths import Dataset
from subliminal.config.references import Registries, unknown_names
from subliminal.config.strict import Strict
from subliminal.detection.config import DatasetBlock, DetectionExperiment
from subliminal.detection.datasets import datasets_of
from subliminal.detection.in_context_checks import check_in_context
from subliminal.evaluations.classifier import classifier_prompt


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
        ("roc", entry.roc, {"positives": (entry.traits, "'traits' of 'datasets'")}),
    ]
    for key, part, names in asked:
        if part is not None:
            yield from unknown_names(part, names, file, (key,))


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


def _roc(config: Config, name: str) -> Iterator[Remark]:
    """Scores need a judge, and a curve needs negatives."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    if entry.roc is None:
        return
    if set(entry.traits) <= set(entry.roc.positives):
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
    (_writers, _frequencies, _classifier, check_in_context, _roc),
)


def check_detection(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment cannot be computed, before any job exists."""
    for step in STEPS:
        found = [remark for check in step for remark in check(config, name)]
        if found:
            return found
    return []
