"""Checks across the files of the configuration, before any job exists."""

from __future__ import annotations

from pathlib import Path

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, known
from subliminal.config.models import CHAT_TEMPLATES, PretrainedBase, ReadyBase
from subliminal.config.paths import CONTROL_METHOD
from subliminal.domains.tiny_world import animals
from subliminal.evaluations.questions import favourite_list, known_list
from subliminal.workflow.kinds import KINDS


def _check_models(config: Config, root: Path) -> None:
    for name, model in config.models.items():
        shown = f"config/models.yaml: {name}"
        if isinstance(model, PretrainedBase):
            if model.pretraining not in config.recipes.pretraining:
                raise ConfigError(
                    f"{shown}: pretraining {model.pretraining!r} is not under 'pretraining' of "
                    f"config/recipes.yaml {known(config.recipes.pretraining)}"
                )
        elif isinstance(model, ReadyBase) and model.chat_template is not None:
            folder = root / CHAT_TEMPLATES
            if not (folder / f"{model.chat_template}.jinja").is_file():
                raise ConfigError(
                    f"{shown}: chat_template {model.chat_template!r} is not a file of "
                    f"{CHAT_TEMPLATES} {known(path.stem for path in folder.glob('*.jinja'))}"
                )


def _check_methods(config: Config) -> None:
    if CONTROL_METHOD in config.recipes.methods:
        raise ConfigError(
            f"config/recipes.yaml: methods: {CONTROL_METHOD!r} is the name of the untouched base's "
            "own writing; choose another name"
        )
    for name in config.recipes.methods:
        loudness = config.recipes.loudness(name)
        if loudness is None:
            continue
        shown = f"config/recipes.yaml: methods: {name}: loudness: domain {loudness.domain!r}"
        if loudness.domain not in config.domains:
            raise ConfigError(f"{shown} is not in config/domains.yaml {known(config.domains)}")
        if not config.domains[loudness.domain].holds_numbers:
            raise ConfigError(f"{shown} has no numbers to measure it on; choose domain 'numbers'")


def _check_teacher_paths(config: Config) -> None:
    """Names may contain hyphens, and one joins trait and method in a teacher's path."""
    teachers: dict[str, tuple[str, str]] = {}
    for trait in config.traits:
        for method in [CONTROL_METHOD, *config.recipes.methods]:
            other = teachers.setdefault(f"{trait}-{method}", (trait, method))
            if other != (trait, method):
                raise ConfigError(
                    f"config/traits.yaml: {trait}: with method {method!r} its results would lie "
                    f"where those of trait {other[0]!r} with method {other[1]!r} do "
                    f"({trait}-{method}); rename the trait, or the method in config/recipes.yaml"
                )


def _check_traits(config: Config) -> None:
    for name, trait in config.traits.items():
        if trait.category is not None:
            try:
                known_list(favourite_list(trait.category))
            except ValueError as error:
                raise ConfigError(f"config/traits.yaml: {name}: category: {error}") from None


def _check_tuned_on(config: Config) -> None:
    shown, traits = "config/recipes.yaml: tuned_on", {*config.traits, *animals()}
    for recipe, tuned in config.recipes.tuned_on.items():
        if recipe not in config.recipes.students:
            raise ConfigError(
                f"{shown}: {recipe!r} is not under 'students' {known(config.recipes.students)}"
            )
        for trait in tuned:
            if trait not in traits:
                raise ConfigError(
                    f"{shown}: {recipe}: {trait!r} is neither in config/traits.yaml nor an animal "
                    f"of the tiny world {known(traits)}"
                )


def check_config(config: Config, root: Path) -> None:
    """Check every cross-reference.

    Args:
        root: the repository's folder.

    Raises:
        ConfigError: the first thing that is wrong.
    """
    _check_models(config, root)
    _check_methods(config)
    _check_teacher_paths(config)
    _check_traits(config)
    _check_tuned_on(config)
    names = config.settings.experiments
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ConfigError(
            f"config/config.yaml: experiments: {min(repeated)!r} is listed twice; remove one"
        )
    for name, experiment in config.experiments.items():
        KINDS[experiment.kind].check(config, name)
