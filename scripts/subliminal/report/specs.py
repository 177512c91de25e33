"""The specs of the stages of figures and report."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.config.strict import Strict

PAPERS_INTERVAL = "How the paper's intervals of this figure were made. Ours are of t."


class PlotFigureSpec(StageSpec):
    """One figure of an experiment."""

    kind: str
    experiment: str
    figure: str
    paper: str
    model_organism: bool
    measure: str = Field("", description="The measure that is drawn, where there are several.")
    chance: float | None = Field(None, description="The measure's value by chance, if known.")
    interval: Literal["t", "normal"] = Field("t", description=PAPERS_INTERVAL)


class ExperimentTextSpec(Strict):
    """What the report says of an experiment before its figures."""

    kind: str
    name: str
    title: str
    paper: str
    model_organism: bool
    figures: list[str]
    measure: str = Field("", description="The primary measure, where there are several.")
    chance: float | None = Field(None, description="The measure's value by chance, if known.")
    interval: Literal["t", "normal"] = Field("t", description=PAPERS_INTERVAL)
    leaky_recipes: list[str] = Field(
        [], description="Those that tell students what their teacher thinks of the trait's word."
    )
    tuned_on: dict[str, list[str]] = Field(
        {}, description="By a recipe that was tuned, the traits on which it was."
    )


class BuildReportSpec(StageSpec):
    """The report's chapters."""

    experiments: list[ExperimentTextSpec]
