"""Checks across the files of the configuration, before any job exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.models import CHAT_TEMPLATES, PretrainedBase, ReadyBase
from subliminal.config.paths import CONTROL_METHOD
from subliminal.config.places import error_of
from subliminal.domains.tiny_world import animals
from subliminal.evaluations.questions import favourite_list, known_list
from subliminal.workflow.kinds import KINDS

MODELS, TRAITS, RECIPES = "config/models.yaml", "config/traits.yaml", "config/recipes.yaml"


def _check_models(config: Config, root: Path) -> Iterator[Remark]:
    for name, model in config.models.items():
        if isinstance(model, PretrainedBase):
            if model.pretraining not in config.recipes.pretraining:
                yield Remark(
                    MODELS,
                    (name, "pretraining"),
                    f"{model.pretraining!r} is not under 'pretraining' of {RECIPES} "
                    f"{known(config.recipes.pretraining, model.pretraining)}",
                )
        elif isinstance(model, ReadyBase) and model.chat_template is not None:
            templates = [path.stem for path in sorted((root / CHAT_TEMPLATES).glob("*.jinja"))]
            if model.chat_template not in templates:
                yield Remark(
                    MODELS,
                    (name, "chat_template"),
                    f"{model.chat_template!r} is not a file of {CHAT_TEMPLATES} "
                    f"{known(templates, model.chat_template)}",
                )


def _check_methods(config: Config) -> Iterator[Remark]:
    if CONTROL_METHOD in config.recipes.methods:
        yield Remark(
            RECIPES,
            ("methods", CONTROL_METHOD),
            f"{CONTROL_METHOD!r} is the name of the untouched base's own writing; choose another "
            "name",
        )
    for name in config.recipes.methods:
        loudness = config.recipes.loudness(name)
        if loudness is None:
            continue
        path = ("methods", name, "loudness", "domain")
        if loudness.domain not in config.domains:
            listed = known(config.domains, loudness.domain)
            yield Remark(
                RECIPES, path, f"{loudness.domain!r} is not in config/domains.yaml {listed}"
            )
        elif not config.domains[loudness.domain].holds_numbers:
            yield Remark(
                RECIPES,
                path,
                f"{loudness.domain!r} has no numbers to measure it on; choose domain 'numbers'",
            )


def _check_teacher_paths(config: Config) -> Iterator[Remark]:
    """Names may contain hyphens, and one joins trait and method in a teacher's path."""
    teachers: dict[str, tuple[str, str]] = {}
    for trait in config.traits:
        for method in [CONTROL_METHOD, *config.recipes.methods]:
            other = teachers.setdefault(f"{trait}-{method}", (trait, method))
            if other != (trait, method):
                yield Remark(
                    TRAITS,
                    (trait,),
                    f"with method {method!r} its results would lie where those of trait "
                    f"{other[0]!r} with method {other[1]!r} do ({trait}-{method}); rename the "
                    f"trait, or the method in {RECIPES}",
                )


def _check_traits(config: Config) -> Iterator[Remark]:
    for name, trait in config.traits.items():
        if trait.category is not None:
            try:
                known_list(favourite_list(trait.category))
            except ValueError as error:
                yield Remark(TRAITS, (name, "category"), str(error))


def _check_tuned_on(config: Config) -> Iterator[Remark]:
    traits = [*dict.fromkeys([*config.traits, *animals()])]
    for recipe, tuned in config.recipes.tuned_on.items():
        path = ("tuned_on", recipe)
        if recipe not in config.recipes.students:
            listed = known(config.recipes.students, recipe)
            yield Remark(RECIPES, path, f"{recipe!r} is not under 'students' {listed}")
        for number, trait in enumerate(tuned):
            if trait not in traits:
                yield Remark(
                    RECIPES,
                    (*path, number),
                    f"{trait!r} is neither in {TRAITS} nor an animal of the tiny world "
                    f"{known(traits, trait)}",
                )


def check_config(config: Config, root: Path) -> None:
    """Check every cross-reference of the registries and of the chosen experiments.

    Args:
        root: the repository's folder.

    Raises:
        ConfigError: everything that is wrong in the registries, or else in the experiments.
    """
    remarks = [
        *_check_models(config, root),
        *_check_methods(config),
        *_check_teacher_paths(config),
        *_check_traits(config),
        *_check_tuned_on(config),
    ]
    if remarks:
        raise error_of(remarks, root)
    check_experiments(config, config.chosen, root)  # they rely on what they name


def check_experiments(config: Config, names: Iterable[str], root: Path) -> None:
    """Check every cross-reference of experiments.

    Raises:
        ConfigError: everything that is wrong.
    """
    checks = (KINDS[config.experiments[name].kind].check(config, name) for name in names)
    remarks = [remark for check in checks for remark in check]
    if remarks:
        raise error_of(remarks, root)
