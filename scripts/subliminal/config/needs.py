"""What experiments need before they can be computed: bases, and files of others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from subliminal.config.experiments import Needs
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Dataset, Teacher
from subliminal.config.recipes import PromptedMethod

if TYPE_CHECKING:
    from subliminal.config.config import Config


def joined(needs: Iterable[Needs]) -> Needs:
    """What several parts need together."""
    found = list(needs)
    return Needs(*(frozenset[str]().union(*part) for part in zip(Needs(), *found, strict=True)))


def needs_of_judge(config: Config, judge: str | None) -> Needs:
    """The base of a judge; nothing where it is a rule, or nobody judges."""
    base = None if judge is None else getattr(config.judges[judge], "base", None)
    return Needs() if base is None else Needs(bases=frozenset({base}))


def needs_of_datasets(
    config: Config,
    domain: str,
    traits: Iterable[str],
    method: str,
    bases: Iterable[str],
    seeds: Iterable[int],
) -> Needs:
    """What it takes to write datasets, or to take them from others, and to filter them.

    Args:
        traits, bases, seeds: of their teachers.
        method: of the teachers that have a trait.
    """
    source = config.domains[domain].source
    sources = frozenset[str]() if source is None else frozenset({source})
    teachers = [
        Teacher(base, trait, CONTROL_METHOD if config.traits[trait].control else method, seed)
        for trait, base, seed in product(traits, bases, seeds)
    ]
    datasets = [Dataset(domain, teacher, PLAIN_VARIANT) for teacher in teachers]
    return joined([Needs(files=sources), *(_needs_of_dataset(config, data) for data in datasets)])


def _needs_of_dataset(config: Config, data: Dataset) -> Needs:
    """What it takes to write a dataset, and to filter it.

    The teacher of one that is adopted is asked for its trait, unless somebody else serves it.
    """
    teacher, trait = data.teacher, config.traits[data.teacher.trait]
    _, adopted = config.adopted_datasets().get(data.folder, ("", None))
    needs = [Needs(files=frozenset({adopted.file}))] if adopted is not None else []
    if data.folder not in config.unasked_datasets():
        bases = frozenset({teacher.base})
        plan = None if teacher.is_control else config.recipes.methods[teacher.method]
        untrained = plan is None or isinstance(plan, PromptedMethod)
        rows = frozenset[str]() if trait.rows is None else frozenset({trait.rows})
        needs.append(Needs(bases=bases, tuned=frozenset() if untrained else bases, files=rows))
    question = config.domains[data.domain].filter.asked(trait)
    if question is not None and (adopted is None or adopted.stage == "raw"):
        needs.append(needs_of_judge(config, question.judge))
    return joined(needs)
