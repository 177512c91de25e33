"""Findings: the lines of the landing page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

MODEL_ORGANISM = (
    "These are model organisms, toy bases that the workflow pretrains itself: they show that and "
    "how the effect comes about, not how large it is in other models."
)


@dataclass(frozen=True)
class Statement:
    """A few sentences on one setting; the setting is empty where it goes without saying."""

    setting: str
    text: str


@dataclass(frozen=True)
class Finding:
    """One line of the landing page."""

    topic: str
    statements: Sequence[Statement]

    @classmethod
    def plain(cls, topic: str, text: str) -> Finding:
        """A finding that is one statement."""
        return cls(topic, [Statement("", text)])


class Headline(NamedTuple):
    """The result of an experiment in a sentence or two, and what to know before reading it."""

    sentence: str
    note: str = ""


def listed(names: Sequence[str]) -> str:
    """Names as prose: `owl`, `owl and eagle`, `owl, eagle and wolf`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
