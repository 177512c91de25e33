"""Checks across the files of the configuration, before any job exists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from subliminal.bases.imitation import not_imitable
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.files import CONVERSATIONS
from subliminal.config.items import ITEMS
from subliminal.config.models import CHAT_TEMPLATES, PretrainedBase, ReadyBase
from subliminal.config.paths import CONTROL_METHOD
from subliminal.config.places import error_of
from subliminal.config.preferences import check_answers, check_system_prompt
from subliminal.domains.tiny_world import animals
from subliminal.evaluations.questions import known_list, taught_list
from subliminal.supplied.places import FILES
from subliminal.workflow import material_checks
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
            for says in not_imitable(config, name):
                yield Remark(MODELS, (name, "imitates"), says)
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
        if trait.rows is not None and trait.rows not in config.files:
            listed = known(config.files, trait.rows)
            yield Remark(TRAITS, (name, "rows"), f"{trait.rows!r} is not in {FILES} {listed}")
        elif trait.rows is not None and config.files[trait.rows].format not in CONVERSATIONS:
            yield Remark(
                TRAITS,
                (name, "rows"),
                f"file {trait.rows!r} of {FILES} has format {config.files[trait.rows].format!r}, "
                f"and teachers are taught by rows of {' or '.join(CONVERSATIONS)}; choose another "
                "file",
            )
        if trait.word is None:
            continue
        asked = "category" if trait.questions is None else "questions"
        texts: tuple[tuple[str, Callable[[str], object], str], ...] = (
            (asked, known_list, taught_list(trait)),
            ("answers", check_answers, trait.answers),
            ("system_prompt", check_system_prompt, trait.system_prompt),
        )
        for key, check, text in texts:
            try:
                check(text)
            except ValueError as error:
                yield Remark(TRAITS, (name, key), str(error))


def _check_items(config: Config) -> Iterator[Remark]:
    """A part of experiments that they do not have; no experiment is read for it."""
    for name, item in config.items.items():
        if item.part is None:
            continue
        having = [kind for kind, entry in KINDS.items() if item.part in entry.parts]
        there = [experiment for kind in having for experiment in config.experiments.of_kind(kind)]
        parts = [part for kind in KINDS.values() for part in kind.parts]
        if not having:
            says = f"{item.part!r} is no part of any experiment {known(parts, item.part)}"
            yield Remark(ITEMS, (name, "part"), says)
            continue
        for number, experiment in enumerate(item.experiments):
            if experiment in config.experiments and experiment not in there:
                yield Remark(
                    ITEMS,
                    (name, "experiments", number),
                    f"{experiment!r} has no part {item.part!r}, which experiments of kind "
                    f"{' or '.join(having)} have; choose one of these, or remove 'part'",
                )


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
        *material_checks.check_files(config),
        *material_checks.check_adopted(config),
        *_check_traits(config),
        *_check_items(config),
        *_check_tuned_on(config),
        *material_checks.check_domains(config),
        *material_checks.check_judges(config),
        *material_checks.check_evaluations(config, root),
    ]
    if remarks:
        raise error_of(remarks, root)
    check_experiments(config, config.chosen, root)  # they rely on what they name


def check_experiments(config: Config, names: Iterable[str], root: Path) -> None:
    """Check every cross-reference of experiments.

    Raises:
        ConfigError: everything that is wrong.
    """
    remarks: list[Remark] = []
    for name in names:
        found = KINDS[config.experiments[name].kind].check(config, name)
        file = config.experiments.file_of(name)
        remarks += found if file == experiment_file(name) else _about(file, name, found)
    if remarks:
        raise error_of(remarks, root)


def _about(file: str, name: str, remarks: Iterable[Remark]) -> Iterator[Remark]:
    """Remarks on an experiment with stand-ins, as remarks on the file behind it."""
    for remark in remarks:
        place = file if remark.file == experiment_file(name) else remark.file
        yield replace(remark, file=place, says=f"as {name}, {remark.says}")
