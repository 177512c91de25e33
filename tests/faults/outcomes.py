"""How a run ends that meets a fault, and how often each ending was met.

Two endings are right: the run recovers and its results are those of an undisturbed run, or it stops
with one clear error. The others are defects, and a fault that ends in one fails its test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

import pytest

PROPERTY = "fault outcome"
TRACEBACK = re.compile(
    r"^(Traceback \(most recent call last\):|\w+Exception in rule )", re.MULTILINE
)


class Outcome(StrEnum):
    """How a run ends that meets a fault."""

    RECOVERED = "recovered"
    CLEAR_ERROR = "clear error"
    UNCLEAR_ERROR = "unclear error"  # it stops, and does not say what a user needs to know
    SILENT = "silent"  # exit status 0, and other results
    LOST = "lost"  # finished work is gone, or is done again
    TRACEBACK = "traceback"


RIGHT = {Outcome.RECOVERED, Outcome.CLEAR_ERROR}


def outcome_of(status: int, output: str, says: Iterable[str], same_results: bool) -> Outcome:
    """How a run has ended.

    Args:
        status, output: the command's exit status; what it wrote to the terminal.
        says: what a clear error has to say, such as the file and what to type.
        same_results: whether the results are those of an undisturbed run.
    """
    if TRACEBACK.search(output):
        return Outcome.TRACEBACK
    if status == 0:
        return Outcome.RECOVERED if same_results else Outcome.SILENT
    told = " ".join(output.split())
    if all(" ".join(text.split()) in told for text in says):
        return Outcome.CLEAR_ERROR
    return Outcome.UNCLEAR_ERROR


def record(request: pytest.FixtureRequest, outcome: Outcome) -> None:
    """Count an outcome; pytest prints the counts at its end."""
    request.node.user_properties.append((PROPERTY, outcome.value))
