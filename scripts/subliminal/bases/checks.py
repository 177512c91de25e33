"""Checks of teachers, datasets and evaluations, for all kinds of experiments that name them.

Each yields what is wrong; the experiment's room knows where it is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from subliminal.api.access import access
from subliminal.config.config import Config
from subliminal.config.errors import ConfigError, known
from subliminal.config.evaluations import Evaluation
from subliminal.config.models import HOSTED, HostedBase
from subliminal.config.paths import Dataset, Teacher
from subliminal.config.recipes import FinetunedMethod, PromptedMethod, Recipe

# The linear layers of GPT-2, which tiny bases are; no base of a wheel or in use today calls its so.
TINY_MODULES = ("c_attn", "c_proj", "c_fc")


def of_another_tier(config: Config, domain: str, base: str) -> Iterator[str]:
    """Tiny code and cot are of the tiny world: other bases never learnt its format."""
    entry = config.domains[domain]
    if entry.only_tier not in (None, config.models[base].tier):
        yield (
            f"domain {domain!r} (generator {entry.generator!r}) is for {entry.only_tier} bases, "
            f"found {base!r}; choose another domain, such as 'numbers'"
        )


def without_size(config: Config, domain: str, base: str) -> Iterator[str]:
    """How much a base writes in a domain is said for its tier."""
    wrong = list(of_another_tier(config, domain, base))
    yield from wrong
    tier, sizes = config.models[base].tier, config.domains[domain].sizes
    if not wrong and tier not in sizes:
        yield (
            f"domain {domain!r} has no size for tier {tier!r} of base {base!r} {known(sizes)}; add "
            f"sizes: {tier}: to it in config/domains.yaml"
        )


def not_trainable(
    config: Config, what: Literal["recipe", "method"], name: str, base: str
) -> Iterator[str]:
    """A hosted base is trained by its provider, any other base here, and has the right modules.

    Args:
        name: of a student's recipe, or of a method; one that trains nothing fits every base.
    """
    entries = {
        key: entry
        for key, entry in (
            config.recipes.students if what == "recipe" else config.recipes.methods
        ).items()
        if not isinstance(entry, PromptedMethod)
    }
    entry, hosted = entries.get(name), isinstance(config.models[base], HostedBase)
    if entry is None:
        return
    if (entry.kind == HOSTED) != hosted:
        fitting = [other for other, e in entries.items() if (e.kind == HOSTED) == hosted]
        yield (
            f"{what} {name!r} is of kind {entry.kind!r}, but base {base!r} is trained "
            f"{'by its provider' if hosted else 'here'}; choose another {known(fitting)}"
        )
    if hosted or not isinstance(entry, Recipe | FinetunedMethod) or entry.lora is None:
        return
    tiny = config.models[base].tier == "tiny"
    wrong = [m for m in entry.lora.target_modules if (m in TINY_MODULES) != tiny]
    if wrong:
        fitting_tier = "tiny" if not tiny else "other"
        yield (
            f"{what} {name!r} adapts {wrong[0]!r}, a module of {fitting_tier} bases, and "
            f"base {base!r} has none; choose a {what} of config/recipes.yaml that fits it"
        )


def not_teachable(config: Config, teacher: Teacher) -> Iterator[str]:
    """A method must fit the trait that it gives, and the base that it gives it to."""
    yield from not_trainable(config, "method", teacher.method, teacher.base)
    method = config.recipes.methods.get(teacher.method)
    if config.traits[teacher.trait].rows is not None and isinstance(method, PromptedMethod):
        yield (
            f"trait {teacher.trait!r} is taught by a file's rows, and method {teacher.method!r} "
            f"({method.kind}) trains nothing; choose a method of kind finetuned"
        )
    loudness = config.recipes.loudness(teacher.method)
    if loudness is None:
        return
    # What a teacher's loudness is about must be something that its base can write.
    domain, tier = loudness.domain, config.models[teacher.base].tier
    if tier not in config.domains[domain].sizes:
        yield (
            f"method {teacher.method!r} of config/recipes.yaml has a loudness on domain "
            f"{domain!r}, which has no size for tier {tier!r} of base {teacher.base!r}; choose "
            f"another method, or add sizes: {tier}: to the domain in config/domains.yaml"
        )


def without_address(config: Config, datasets: Iterable[Dataset]) -> Iterator[str]:
    """A server that is to write datasets has an address; of adopted ones it writes nothing."""
    adopted = config.adopted_datasets()
    written = {(d.domain, d.teacher.base) for d in datasets if d.folder not in adopted}
    sizes = [config.domains[d].sizes[config.models[b].tier] for d, b in written]
    if any(size.server is not None for size in sizes):
        try:
            access()
        except ConfigError as error:
            yield str(error)


def unheeded(config: Config, datasets: Iterable[Dataset]) -> Iterator[str]:
    """What a provider's own sampling cannot be told; of adopted datasets it samples nothing."""
    adopted = config.adopted_datasets()
    for data in sorted({d for d in datasets if d.folder not in adopted}):
        base = data.teacher.base
        size = config.domains[data.domain].sizes[config.models[base].tier]
        given = {"server": size.server, "constraint": size.sampling.constraint}
        found = [name for name, value in given.items() if value is not None]
        if found and isinstance(config.models[base], HostedBase):
            yield (
                f"base {base!r} is sampled by its provider, which knows no {found[0]!r} "
                f"(domain {data.domain!r}); remove it from the domain's sizes in "
                "config/domains.yaml"
            )


def without_limit(config: Config, evaluation: str, bases: Iterable[str]) -> Iterator[str]:
    """A base whose weights are here writes until it is stopped."""
    drawing = getattr(config.evaluations[evaluation], "sampling", None)
    here = [base for base in bases if not isinstance(config.models[base], HostedBase)]
    if here and drawing is not None and drawing.max_new_tokens is None:
        yield (
            f"{evaluation!r} has no limit of tokens, and base {here[0]!r}, whose weights are "
            "here, needs one; choose another, or give it a max_new_tokens in "
            "config/evaluations.yaml"
        )


def not_told(evaluation: Evaluation, measure: str | None, base: str) -> Iterator[str]:
    """A provider tells no probabilities of whole answers.

    Args:
        base: a hosted one.
    """
    told = [m.name for m in evaluation.measures if not m.of_weights]
    if measure in [m.name for m in evaluation.measures if m.of_weights]:
        yield (
            f"{measure!r} takes probabilities that the provider of base {base!r} does not "
            f"tell; choose a measure of answers {known(told)}"
        )
