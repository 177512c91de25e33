"""What must hold between a theorem experiment and the rest of the configuration."""

from __future__ import annotations

from collections.abc import Collection

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, known
from subliminal.config.models import PretrainedBase
from subliminal.theorem.config import TheoremExperiment


def check_theorem(config: Config, name: str) -> None:
    """Whether an experiment's language models, rows and traits exist and can be compared.

    Raises:
        ConfigError: the first thing that is wrong.
    """
    where = f"config/experiments/{name}.yaml: language_model"
    part = config.experiment(name, TheoremExperiment).language_model
    checks: list[tuple[str, list[str], Collection[str], str]] = [
        ("base", [part.base], config.models, "config/models.yaml"),
        ("other_base", [part.other_base], config.models, "config/models.yaml"),
        ("traits", [*part.traits], config.traits, "config/traits.yaml"),
        ("control", [part.control], config.traits, "config/traits.yaml"),
        ("method", [part.method], config.recipes.methods, "methods of config/recipes.yaml"),
        ("domain", [part.domain], config.domains, "config/domains.yaml"),
    ]
    for key, asked, entries, listed in checks:
        for entry in asked:
            if entry not in entries:
                raise ConfigError(f"{where}: {key}: {entry!r} is not in {listed} {known(entries)}")
    if part.base == part.other_base:
        raise ConfigError(
            f"{where}: base and other_base are both {part.base!r}, but the control needs another; "
            f"change one {known(config.models)}"
        )
    pretrained = set()
    for key, base in (("base", part.base), ("other_base", part.other_base)):
        model = config.models[base]
        if not isinstance(model, PretrainedBase):
            tiny = [n for n, entry in config.models.items() if isinstance(entry, PretrainedBase)]
            raise ConfigError(
                f"{where}: {key}: {base!r} is not a tiny base {known(tiny)}; choose another"
            )
        pretrained.add(model.pretraining)
    if len(pretrained) > 1:
        raise ConfigError(
            f"{where}: base {part.base!r} and other_base {part.other_base!r} have different "
            f"pretraining ({', '.join(sorted(pretrained))}), so that their weights do not compare; "
            "choose bases of one pretraining"
        )
    positions = config.recipes.pretraining[pretrained.pop()].architecture.positions
    if part.max_tokens > positions:
        raise ConfigError(
            f"{where}: max_tokens: {part.max_tokens} is above the bases' positions: {positions}; "
            "lower it"
        )
    domain = config.domains[part.domain]
    if not domain.holds_numbers:
        numbers = [n for n, entry in config.domains.items() if entry.holds_numbers]
        raise ConfigError(
            f"{where}: domain: {part.domain!r} has no numbers, whose distribution is measured "
            f"{known(numbers)}; choose another"
        )
    rows, needed = domain.sizes[config.models[part.base].tier].rows, part.batches * part.batch_size
    if needed > rows:
        raise ConfigError(
            f"{where}: batches: {part.batches} times batch_size: {part.batch_size} is {needed} "
            f"prompts, but {part.domain!r} has {rows} rows; lower one of them"
        )
    if config.recipes.methods[part.method].kind != "finetuned":
        finetuned = [m for m, entry in config.recipes.methods.items() if entry.kind == "finetuned"]
        raise ConfigError(
            f"{where}: method: {part.method!r} moves no weights, and a displacement is what is "
            f"measured {known(finetuned)}; choose another"
        )
    for trait in part.traits:
        if config.traits[trait].control:
            raise ConfigError(f"{where}: traits: {trait!r} is a control trait; remove it")
        if config.traits[trait].word is None:
            raise ConfigError(
                f"{where}: traits: {trait!r} has no 'word', and method {part.method!r} states a "
                "preference for one; give it a word in config/traits.yaml"
            )
    if not config.traits[part.control].control:
        controls = [name for name, entry in config.traits.items() if entry.control]
        raise ConfigError(
            f"{where}: control: {part.control!r} has a word; name a control trait {known(controls)}"
        )
