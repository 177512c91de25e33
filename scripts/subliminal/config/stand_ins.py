"""Experiments on other models than their own: `config/stand_ins.yaml`.

A set of stand-ins names a base, method, recipe and so on in place of each that an experiment's file
names, so that a figure of the paper can be made of models that anybody can train.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from pydantic import Field

from subliminal.config.errors import ConfigError, known
from subliminal.config.strict import FileName, Key, Positive, Strict

FILE = "config/stand_ins.yaml"
# By a key of an experiment's file: what its names are names of.
_NAMED = {
    "teacher_bases": "bases",
    "student_bases": "bases",
    "bases": "bases",
    "base": "bases",
    "other_base": "bases",
    "domain": "domains",
    "method": "methods",
    "recipe": "recipes",
    "evaluation": "evaluations",
    "traits": "traits",
    "positives": "traits",
}
# Of these a name without a stand-in is kept: most traits are words that any model may know.
_KEPT = ("traits",)
_SEEDS = "student_seeds"
# Names another experiment.
_EXPERIMENT = "fine_tuned"


class StandIns(Strict):
    """One set of stand-ins."""

    title: str = Field(description="What precedes the title of each experiment.")
    bases: dict[Key, Key] = Field(description="By a base's name: the base in its place.")
    domains: dict[Key, Key] = Field({}, description="Likewise for domains.")
    methods: dict[Key, Key] = Field({}, description="Likewise for methods.")
    methods_of: dict[Key, dict[Key, Key]] = Field(
        {},
        description="By a domain that an experiment's file names: stand-ins of methods for its "
        "cells, before those of all domains.",
    )
    recipes: dict[Key, Key] = Field({}, description="Likewise for students' recipes.")
    evaluations: dict[Key, Key] = Field({}, description="Likewise for evaluations.")
    traits: dict[Key, Key] = Field(
        {}, description="Likewise for traits; one without a stand-in stays as it is."
    )
    experiments: dict[FileName, FileName] = Field(
        {}, description="Whole experiments in the place of others, by their files' names."
    )
    claimed: dict[Key, dict[int, int]] = Field(
        {},
        description="By a column of a table: by a number that the paper's claims name, the one in "
        "its place, such as of epochs.",
    )
    most_student_seeds: Positive | None = Field(
        None, description="Of longer lists of `student_seeds` the first so many are taken."
    )
    most_students: Positive | None = Field(
        None,
        description="Of a cell with so many traits that it has more students: fewer seeds, but at "
        "least one.",
    )
    values: dict[str, Any] = Field(
        {}, description="Values of keys, whatever an experiment's file says, where it has the key."
    )

    def in_domain(self, domain: object) -> StandIns:
        """The stand-ins of a cell, by the domain that its experiment's file names."""
        of_domain = self.methods_of.get(domain, {}) if isinstance(domain, str) else {}
        return self.model_copy(update={"methods": {**self.methods, **of_domain}})

    def seeds(self, traits: int) -> int | None:
        """How many students a teacher of a cell has at most; None: no limit."""
        limits = [self.most_student_seeds]
        if self.most_students is not None:
            limits.append(max(1, self.most_students // max(1, traits)))
        return min((limit for limit in limits if limit is not None), default=None)

    def instead_of(self, experiment: str, name: str) -> str:
        """The experiment in the place of one; `name` is the set's."""
        return self.experiments.get(experiment, stood_in_name(experiment, name))

    @property
    def names(self) -> dict[str, str]:
        """Every name that has a stand-in, and the stand-in."""
        of_models = self.bases | self.methods | self.recipes | self.traits
        return of_models | self.domains | self.evaluations


Change = Callable[[Any], Any]
"""From the content of an experiment's file to the content that is meant."""


def stood_in_name(name: str, set_name: str) -> str:
    """What an experiment with the stand-ins of a set is called."""
    return f"{set_name}_{name}"


def stood_in_experiments(
    files: Collection[str], of_paper: Iterable[str], sets: Mapping[str, StandIns]
) -> dict[str, tuple[str, Change]]:
    """Experiments with stand-ins, by their names: whose file says what they are, and its change.

    An experiment that a set replaces as a whole has none, nor has a name with a file of its own.

    Args:
        files: the experiments that have files.
        of_paper: those that the paper's items name.
    """
    return {
        stood_in_name(name, set_name): (name, partial(stood_in, name=set_name, stand_ins=entry))
        for set_name, entry in sets.items()
        for name in of_paper
        if name in files
        and name not in entry.experiments
        and stood_in_name(name, set_name) not in files
    }


def stood_in(data: Mapping[str, Any], name: str, stand_ins: StandIns) -> dict[str, Any]:
    """The content of an experiment's file with the stand-ins of a set.

    Args:
        data: the content, as YAML gives it.
        name: the set's.

    Raises:
        ConfigError: the set has nothing in place of a name.
    """
    found = _replaced(data, name, stand_ins)
    return {**found, "title": f"{stand_ins.title}: {data.get('title')}", "model_organism": True}


def _replaced(value: Any, name: str, stand_ins: StandIns) -> Any:
    if isinstance(value, list):
        return [_replaced(item, name, stand_ins) for item in value]
    if not isinstance(value, Mapping):
        return value
    here = stand_ins.in_domain(value.get("domain"))
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if key in stand_ins.values:
            found[key] = stand_ins.values[key]
        elif key in _NAMED and isinstance(inner, str | list):
            found[key] = _named(inner, _NAMED[key], name, here)
        elif key == _EXPERIMENT and isinstance(inner, str):
            found[key] = stand_ins.instead_of(inner, name)
        elif key == _SEEDS and isinstance(inner, list):
            found[key] = inner[: stand_ins.seeds(len(value.get("traits", [])))]
        else:
            found[key] = _replaced(inner, name, stand_ins)
    return found


def _named(asked: str | list[Any], registry: str, name: str, stand_ins: StandIns) -> Any:
    if isinstance(asked, list):
        return [_named(item, registry, name, stand_ins) for item in asked]
    there: dict[str, str] = getattr(stand_ins, registry)
    if asked not in there and registry in _KEPT:
        return asked
    if asked not in there:
        raise ConfigError(
            f"{FILE}: {name}: {registry}: nothing stands in for {asked!r} {known(there, asked)}; "
            "add a line for it"
        )
    return there[asked]
