"""What the stage that compares is told."""

from __future__ import annotations

from pydantic import Field

from subliminal.artefacts.spec import StageSpec


class CompareWithPaperSpec(StageSpec):
    """The comparison of experiments with the paper."""

    experiment: str
    runs: dict[str, str] = Field(
        description="By an experiment of the paper, the one that was run for it."
    )
    not_run: dict[str, str] = Field(description="Why others were not run.")
    stand_ins: dict[str, str] = Field(
        description="By a name of the paper's experiments, the one that stands in for it."
    )
    items: dict[str, str] = Field(description="The titles of the paper's items.")
    model_organisms: list[str] = Field(description="Experiments that were run on toy models.")
