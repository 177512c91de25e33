"""What every evaluation has: the base class of the modules in `evaluations/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from subliminal.config.strict import Strict
from subliminal.config.traits import Trait


@dataclass(frozen=True)
class Measure:
    """A number that an evaluation gives for a model, and how to speak of it.

    Attributes:
        name: in tables and in `measure` of an experiment.
        noun: for sentences, such as `share among candidates`.
        label: for axes, such as `share of the trait among candidates`.
        meaning: how it is computed, and its unit.
        bounds: the ends of an axis; None where there are none.
        whole_model: it is about the model and not about a target.
        companion: another measure of the same thing, shown beside it.
        of_weights: it takes a model's probabilities of whole words, which no provider tells.
    """

    name: str
    noun: str
    label: str
    meaning: str
    bounds: tuple[float, float] | None = (0.0, 1.0)
    whole_model: bool = False
    companion: str | None = None
    of_weights: bool = False


class Evaluation(Strict):
    """A set of questions with its sampling and scoring."""

    kind: str = Field(description="The way of asking and scoring: a module of `evaluations/`.")

    measures: ClassVar[tuple[Measure, ...]] = ()
    """What it gives; the first is an experiment's primary measure unless its file names another."""

    @property
    def words(self) -> list[str]:
        """The words that a base has to know; empty where it answers in words of its own."""
        return []

    def chance(self, measure: str) -> float | None:
        """A measure's value for a model that chooses at random; None where nobody knows it."""
        return None

    @property
    def stimuli(self) -> list[str]:
        """The files of `config/stimuli` that it reads, without `.json`."""
        return []

    def target(self, trait: Trait) -> str | None:
        """What a trait is called in the scores; None if this evaluation cannot measure it.

        An evaluation without words is about the whole model, and measures whatever was taught.
        """
        return None if trait.control or trait.comparison else ""
