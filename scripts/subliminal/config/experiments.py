"""What every kind of experiment has in its file."""

from __future__ import annotations

from pydantic import Field

from subliminal.config.strict import Strict

EXPERIMENTS = "config/experiments"


def experiment_file(name: str) -> str:
    """An experiment's file, below the repository."""
    return f"{EXPERIMENTS}/{name}.yaml"


class Experiment(Strict):
    """One file of `config/experiments/`: one figure or table of the paper."""

    kind: str = Field(description="The kind of experiment: a room of the library.")
    title: str = Field(description="The heading of its chapter in the report.")
    paper: str = Field(description="The paper's counterpart.")
    model_organism: bool = Field(
        description="`true`: every figure and finding says beside it that these are toy models."
    )
