"""Checks of what is read and asked: files, adopted artefacts, domains, judges, evaluations."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from subliminal.config.adopted import ADOPTED, AdoptedDataset, AdoptedStudent
from subliminal.config.config import Config
from subliminal.config.domains import FileDomain, JudgedFilter
from subliminal.config.errors import Remark, known
from subliminal.config.files import CONVERSATIONS, GeneratedFile
from subliminal.config.judges import ModelJudge
from subliminal.config.models import HostedBase
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT
from subliminal.config.recipes import FinetunedMethod, Recipe
from subliminal.config.references import unknown_names
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.mmlu import MMLU
from subliminal.supplied.generators import GENERATORS
from subliminal.supplied.places import FILES

MODELS, TRAITS, RECIPES = "config/models.yaml", "config/traits.yaml", "config/recipes.yaml"
DOMAINS = "config/domains.yaml"
EVALUATIONS, JUDGES = "config/evaluations.yaml", "config/judges.yaml"


def check_files(config: Config) -> Iterator[Remark]:
    """What writes a generated file is there, and of its format."""
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


def check_adopted(config: Config) -> Iterator[Remark]:
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


def check_domains(config: Config) -> Iterator[Remark]:
    """The judge, the traits and the file that a domain names."""
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


def check_judges(config: Config) -> Iterator[Remark]:
    """The base of a judge that is a model."""
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


def check_evaluations(config: Config, root: Path) -> Iterator[Remark]:
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
