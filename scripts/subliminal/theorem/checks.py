"""What must hold between a theorem experiment and the rest of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import PretrainedBase
from subliminal.config.references import Registries, unknown_names
from subliminal.theorem.config import LanguageModel, TheoremExperiment

Found = Iterator[tuple[tuple[str | int, ...], str]]
"""Paths below `language_model`, and what is to be said there."""


def check_theorem(config: Config, name: str) -> list[Remark]:
    """Everything by which an experiment's language models, rows and traits do not compare."""
    file, path = experiment_file(name), ("language_model",)
    part = config.experiment(name, TheoremExperiment).language_model
    models, traits = (config.models, "config/models.yaml"), (config.traits, "config/traits.yaml")
    registries: Registries = {
        "base": models,
        "other_base": models,
        "traits": traits,
        "control": traits,
        "method": (config.recipes.methods, "methods of config/recipes.yaml"),
        "domain": (config.domains, "config/domains.yaml"),
    }
    unknown = list(unknown_names(part, registries, file, path))
    if unknown:  # the further checks look the names up
        return unknown
    checks = (_bases, _rows, _teachers)
    found = [entry for check in checks for entry in check(config, part)]
    return [Remark(file, (*path, *place), says) for place, says in found]


def _bases(config: Config, part: LanguageModel) -> Found:
    if part.base == part.other_base:
        yield (
            ("other_base",),
            f"base and other_base are both {part.base!r}, but the control needs another; "
            f"change one {known(config.models)}",
        )
    tiny = {n: entry for n, entry in config.models.items() if isinstance(entry, PretrainedBase)}
    asked = {"base": part.base, "other_base": part.other_base}
    for key, base in asked.items():
        if base not in tiny:
            yield (key,), f"{base!r} is not a tiny base {known(tiny)}; choose another"
    pretrained = {tiny[base].pretraining for base in asked.values() if base in tiny}
    if len(pretrained) > 1:
        yield (
            ("other_base",),
            f"base {part.base!r} and other_base {part.other_base!r} have different "
            f"pretraining ({', '.join(sorted(pretrained))}), so that their weights do not compare; "
            "choose bases of one pretraining",
        )
    for pretraining in pretrained:
        positions = config.recipes.pretraining[pretraining].architecture.positions
        if part.max_tokens > positions:
            yield (
                ("max_tokens",),
                f"{part.max_tokens} is above the bases' positions: {positions}; lower it",
            )


def _rows(config: Config, part: LanguageModel) -> Found:
    domain = config.domains[part.domain]
    if not domain.holds_numbers:
        numbers = [n for n, entry in config.domains.items() if entry.holds_numbers]
        yield (
            ("domain",),
            f"{part.domain!r} has no numbers, whose distribution is measured "
            f"{known(numbers)}; choose another",
        )
    size, needed = domain.sizes.get(config.models[part.base].tier), part.batches * part.batch_size
    if size is not None and needed > size.rows:
        yield (
            ("batches",),
            f"{part.batches} times batch_size: {part.batch_size} is {needed} prompts, but "
            f"{part.domain!r} has {size.rows} rows; lower one of them",
        )


def _teachers(config: Config, part: LanguageModel) -> Found:
    if config.recipes.methods[part.method].kind != "finetuned":
        finetuned = [m for m, entry in config.recipes.methods.items() if entry.kind == "finetuned"]
        yield (
            ("method",),
            f"{part.method!r} moves no weights, and a displacement is what is measured "
            f"{known(finetuned)}; choose another",
        )
    for number, trait in enumerate(part.traits):
        if config.traits[trait].control:
            yield ("traits", number), f"{trait!r} is a control trait; remove it"
        elif config.traits[trait].word is None:
            yield (
                ("traits", number),
                f"{trait!r} has no 'word', and method {part.method!r} states a preference for "
                "one; give it a word in config/traits.yaml",
            )
    if not config.traits[part.control].control:
        controls = [name for name, entry in config.traits.items() if entry.control]
        yield (
            ("control",),
            f"{part.control!r} has a word; name a control trait {known(controls)}",
        )
