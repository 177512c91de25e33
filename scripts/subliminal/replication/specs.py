"""What the stage that compares is told."""

from __future__ import annotations

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.config.strict import Strict


class AskedItem(Strict):
    """A figure, table or claim of the paper that is compared."""

    name: str
    title: str
    not_compared: str | None = Field(description="Why the paper's files have nothing of it.")


class CompareWithPaperSpec(StageSpec):
    """The comparison of experiments with the paper."""

    experiment: str
    runs: dict[str, str] = Field(
        description="By an experiment of the paper, the one that was run for it."
    )
    not_run: dict[str, str] = Field(description="Why others were not run.")
    measures: dict[str, str | None] = Field(
        description="By an experiment that was run, its primary measure."
    )
    chances: dict[str, float] = Field(
        description="By an experiment that was run with a measure of whole models: what one that "
        "chooses at random scores."
    )
    stand_ins: dict[str, str] = Field(
        description="By a name of the paper's experiments, the one that stands in for it."
    )
    claimed: dict[str, dict[str, str]] = Field(
        description="By a column: by a number that claims name, the one that stands in for it."
    )
    items: list[AskedItem] = Field(description="The paper's items, in their order.")
    model_organisms: list[str] = Field(description="Experiments that were run on toy models.")

    @property
    def asked(self) -> set[str]:
        """The names of the items."""
        return {item.name for item in self.items}

    def only_claims(self, experiment: str) -> bool:
        """Whether toy models stand in for those of an experiment of the paper.

        They can show what the paper claims, and not its values.
        """
        run = self.runs.get(experiment, "")
        return run != experiment and run in self.model_organisms
