"""Checks across the files of the configuration, before any job exists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from subliminal.config.adopted import ADOPTED, AdoptedDataset, AdoptedStudent
from subliminal.config.config import Config
from subliminal.config.domains import FileDomain, JudgedFilter
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.files import CONVERSATIONS, GeneratedFile
from subliminal.config.judges import ModelJudge
from subliminal.config.models import CHAT_TEMPLATES, HostedBase, PretrainedBase, ReadyBase
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT
from subliminal.config.places import error_of
from subliminal.config.preferences import check_answers, check_system_prompt
from subliminal.config.recipes import FinetunedMethod, Recipe
from subliminal.config.references import unknown_names
from subliminal.domains.tiny_world import animals
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.mmlu import MMLU
from subliminal.evaluations.questions import known_list, taught_list
from subliminal.supplied.generators import GENERATORS
from subliminal.supplied.places import FILES
from subliminal.workflow.kinds import KINDS

MODELS, TRAITS, RECIPES = "config/models.yaml", "config/traits.yaml", "config/recipes.yaml"
DOMAINS = "config/domains.yaml"
EVALUATIONS, JUDGES = "config/evaluations.yaml", "config/judges.yaml"


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


def _check_files(config: Config) -> Iterator[Remark]:
    for name, entry in config.files.items():
        if not isinstance(entry, GeneratedFile):
            continue
        generator = GENERATORS.get(entry.generator)
        if generator is None:
            listed = known(GENERATORS, entry.generator)
            yield Remark(
                FILES, (name, "generator"), f"nothing of the name {entry.generator!r} {listed}"
            )
        elif generator.format != entry.format:
            yield Remark(
                FILES,
                (name, "format"),
                f"generator {entry.generator!r} writes format {generator.format!r}, found "
                f"{entry.format!r}; correct one of them",
            )


def _check_adopted(config: Config) -> Iterator[Remark]:
    """Names that no registry has, and two artefacts for one place."""
    places: dict[str, str] = {}
    for name, entry in config.adopted.items():
        methods = [CONTROL_METHOD, *config.recipes.methods]
        registries: dict[str, tuple[Collection[str], str]] = {
            "base": (config.models, MODELS),
            "trait": (config.traits, TRAITS),
            "method": (methods, f"methods of {RECIPES}"),
        }
        if isinstance(entry, AdoptedDataset):
            registries |= {"domain": (config.domains, DOMAINS), "file": (config.files, FILES)}
        if isinstance(entry, AdoptedStudent):
            registries |= {
                "domain": (config.domains, DOMAINS),
                "student": (config.models, MODELS),
                "recipe": (config.recipes.students, f"students of {RECIPES}"),
            }
        unknown = list(unknown_names(entry, registries, ADOPTED, (name,)))
        yield from unknown
        if unknown:
            continue
        other = places.setdefault(entry.place, name)
        if other != name:
            yield Remark(
                ADOPTED, (name,), f"{other!r} is adopted as the same {entry.artefact}; remove one"
            )
        control = config.traits[entry.trait].control
        if control != (entry.method == CONTROL_METHOD):
            right = CONTROL_METHOD if control else "one of its methods"
            yield Remark(
                ADOPTED,
                (name, "method"),
                f"{entry.method!r} is no method of trait {entry.trait!r}; choose {right}",
            )
        if isinstance(entry, AdoptedDataset):
            kind = config.files[entry.file].format
            if kind not in CONVERSATIONS:
                yield Remark(
                    ADOPTED,
                    (name, "file"),
                    f"{entry.file!r} of {FILES} has format {kind!r}, and datasets are of format "
                    f"{' or '.join(CONVERSATIONS)}; choose another file",
                )
        elif isinstance(entry, AdoptedStudent):
            yield from _check_adopted_student(config, name, entry)
        elif not isinstance(config.recipes.methods.get(entry.method), FinetunedMethod):
            yield Remark(
                ADOPTED,
                (name, "method"),
                f"{entry.method!r} trains no teacher; an adapter needs a method of kind finetuned",
            )


def _check_adopted_student(config: Config, name: str, entry: AdoptedStudent) -> Iterator[Remark]:
    variants = [PLAIN_VARIANT, *config.domains[entry.domain].variants]
    if entry.variant not in variants:
        yield Remark(
            ADOPTED,
            (name, "variant"),
            f"domain {entry.domain!r} has no variant {entry.variant!r} "
            f"{known(variants, entry.variant)}",
        )
    recipe = config.recipes.students[entry.recipe]
    if not isinstance(recipe, Recipe) or recipe.lora is None:
        yield Remark(
            ADOPTED,
            (name, "recipe"),
            f"{entry.recipe!r} trains no adapter; choose a recipe with a 'lora'",
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


def _check_domains(config: Config) -> Iterator[Remark]:
    for name, domain in config.domains.items():
        if isinstance(domain, FileDomain):
            yield from _check_file(config, name, domain)
        rule = domain.filter
        if isinstance(rule, JudgedFilter) and rule.judge not in (None, *config.judges):
            listed = known(config.judges, rule.judge)
            says = f"{rule.judge!r} is not in config/judges.yaml {listed}"
            yield Remark(DOMAINS, (name, "filter", "judge"), says)
        for number, trait in enumerate(rule.named_traits):
            if trait not in config.traits:
                path = (name, "filter", "judged_traits", number)
                yield Remark(
                    DOMAINS, path, f"{trait!r} is not in {TRAITS} {known(config.traits, trait)}"
                )


def _check_file(config: Config, name: str, domain: FileDomain) -> Iterator[Remark]:
    """The file of a domain's prompts is one that there is, and of the domain's format."""
    entry, path = config.files.get(domain.file), (name, "file")
    if entry is None:
        listed = known(config.files, domain.file)
        yield Remark(DOMAINS, path, f"{domain.file!r} is not in config/files.yaml {listed}")
    elif entry.format != domain.file_format:
        fitting = [key for key, file in config.files.items() if file.format == domain.file_format]
        yield Remark(
            DOMAINS,
            path,
            f"file {domain.file!r} has format {entry.format!r}, and generator "
            f"{domain.generator!r} reads {domain.file_format!r}; choose a file of that format "
            f"{known(fitting)}",
        )


def _check_judges(config: Config) -> Iterator[Remark]:
    for name, judge in config.judges.items():
        if not isinstance(judge, ModelJudge):
            continue
        base = config.models.get(judge.base)
        if base is None:
            yield Remark(
                JUDGES,
                (name, "base"),
                f"{judge.base!r} is not in {MODELS} {known(config.models, judge.base)}",
            )
        elif judge.sampling.max_new_tokens is None and not isinstance(base, HostedBase):
            yield Remark(
                JUDGES,
                (name, "sampling", "max_new_tokens"),
                f"null has no limit, and base {judge.base!r}, whose weights are here, needs one; "
                "give a number of tokens",
            )


def _check_evaluations(config: Config, root: Path) -> Iterator[Remark]:
    """The judge, the file and the task that an evaluation names."""
    for name, plan in config.evaluations.items():
        assert isinstance(plan, Askable), "the registry has no other"
        judge, file = plan.judge_key, plan.file_key
        if judge is not None and judge not in config.judges:
            yield Remark(
                EVALUATIONS,
                (name, plan.judged_by or ""),
                f"{judge!r} is not in {JUDGES} {known(config.judges, judge)}",
            )
        if file is not None:
            yield from _check_rows(config, name, plan, file)
        if isinstance(plan, MMLU) and plan.folder is not None:
            folder = root / plan.folder
            if not any(folder.rglob("*.yaml")):
                found = "a folder without a .yaml file" if folder.is_dir() else "no such folder"
                yield Remark(
                    EVALUATIONS,
                    (name, "folder"),
                    f"{plan.folder}: {found}; give the folder that holds the task's YAML files",
                )


def _check_rows(config: Config, name: str, plan: Askable, file: str) -> Iterator[Remark]:
    path = (name, plan.asks_rows_of or "")
    fitting = [key for key, entry in config.files.items() if entry.format == plan.rows_format]
    if file not in config.files:
        yield Remark(EVALUATIONS, path, f"{file!r} is not in {FILES} {known(fitting, file)}")
    elif file not in fitting:
        yield Remark(
            EVALUATIONS,
            path,
            f"file {file!r} of {FILES} has the format {config.files[file].format!r}, and this "
            f"evaluation asks for {plan.rows_format!r} {known(fitting, file)}",
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
        *_check_files(config),
        *_check_adopted(config),
        *_check_traits(config),
        *_check_tuned_on(config),
        *_check_domains(config),
        *_check_judges(config),
        *_check_evaluations(config, root),
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
