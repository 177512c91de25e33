"""What experiments need before they can be computed: bases, and files of others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from subliminal.config.experiments import Needs
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
    config: Config, domain: str, traits: Iterable[str], method: str, bases: Iterable[str]
) -> Needs:
    """What it takes to write datasets and to filter them.

    Args:
        traits, bases: of their teachers.
        method: of the teachers that have a trait.
    """
    entries = [config.traits[trait] for trait in traits]
    writers = frozenset(bases)
    prompted = isinstance(config.recipes.methods[method], PromptedMethod)
    tuned = not prompted and any(not trait.control for trait in entries)
    source = config.domains[domain].source
    rows = {trait.rows for trait in entries if trait.rows is not None}
    asked = [config.domains[domain].filter.asked(trait) for trait in entries]
    return joined(
        [
            Needs(bases=writers, tuned=writers if tuned else frozenset()),
            Needs(files=frozenset(rows | ({source} if source is not None else set()))),
            *(needs_of_judge(config, question.judge) for question in asked if question is not None),
        ]
    )
