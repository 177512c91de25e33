"""Which bases start alike: a trait passes between models of the same initial weights."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from subliminal.artefacts.verified import WEIGHTS
from subliminal.lineage.family import Family, Member
from subliminal.lineage.places import base_at

PRETRAINED = "pretrain_base"


class Start(Enum):
    """How a student's base is related to its teacher's."""

    SAME_BASE = "same base"
    SAME_WEIGHTS = "another base of the same weights"
    SAME_INITIAL_WEIGHTS = "another base, pretrained from the same initial weights"
    OTHER = "another base"

    @property
    def is_shared(self) -> bool:
        """Whether the paper's effect is to be expected: both start from the same weights."""
        return self is not Start.OTHER


def bases_in(family: Family) -> dict[str, Member]:
    """The bases of a family, by name."""
    named = {base_at(m.place): m for m in family.members.values() if m.content}
    return {name: member for name, member in named.items() if name is not None}


def bases_of_others(family: Family) -> list[str]:
    """Names of the bases that were not pretrained here: what they descend from is not known."""
    bases = bases_in(family)
    return sorted(name for name, base in bases.items() if base.content["stage"] != PRETRAINED)


def related(teacher: str, student: str, bases: Mapping[str, Member]) -> Start:
    """How two bases are related, as far as their manifests tell.

    Args:
        teacher, student: names of bases, which need not be among the known ones.
        bases: the known ones.
    """
    if teacher == student:
        return Start.SAME_BASE
    if teacher not in bases or student not in bases:
        return Start.OTHER
    a, b = bases[teacher].content, bases[student].content
    weights = _weights(a)
    if weights and weights == _weights(b):
        return Start.SAME_WEIGHTS
    initial = _initial_weights(a)
    return (
        Start.SAME_INITIAL_WEIGHTS
        if initial is not None and initial == _initial_weights(b)
        else Start.OTHER
    )


def _weights(base: Mapping[str, Any]) -> dict[str, str]:
    """Checksums of weights by file."""
    return {name: sha for name, sha in base["outputs"].items() if name.endswith(WEIGHTS)}


def _initial_weights(base: Mapping[str, Any]) -> list[Any] | None:
    """What a pretrained base's initial weights are drawn from; None for bases of others."""
    if base["stage"] != PRETRAINED:
        return None
    spec = base["spec"]
    plan = spec["pretraining"]
    # A manifest says no world where it is the tiny one.
    return [spec["seed"], plan["architecture"], plan.get("world")]
