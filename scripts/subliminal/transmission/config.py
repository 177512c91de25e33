"""The file of a transmission experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from subliminal.config.experiments import Experiment, Needs
from subliminal.config.needs import joined, needs_of_datasets, needs_of_judge
from subliminal.config.strict import Distinct, Key, Positive, Seed, Share, Strict, in_paper
from subliminal.evaluations.asking import Askable

if TYPE_CHECKING:
    from subliminal.config.config import Config

# What recipes were tuned on, and what confirms them.
DEVELOPMENT, CONFIRMATION = "development", "confirmation"
DEFAULT_FIGURES = [
    "overview",
    "transmission",
    "trait_matrix",
    "bases",
    "shuffles",
    "channel",
    "training",
]


class Block(Strict):
    """A product of lists: every combination is one cell. Names are checked against registries."""

    domain: Key = Field(description="A key of `domains.yaml`.")
    traits: list[Key] = Field(
        min_length=1,
        description="Keys of `traits.yaml`. The method of a control is always `reference`.",
    )
    method: Key = Field(description="A key of `methods` in `recipes.yaml`.")
    teacher_bases: list[Key] = Field(min_length=1, description="Keys of `models.yaml`.")
    student_bases: list[Key] = Field(min_length=1, description="Keys of `models.yaml`.")
    variants: list[Key] = Field(
        min_length=1,
        description="`train`: completions as written. Domains of numbers also have "
        "`shuffled-within` and `shuffled-across`.",
        json_schema_extra=in_paper("ED Fig. 4f"),
    )
    recipe: Key = Field(description="A key of `students` in `recipes.yaml`.")
    teacher_seeds: list[Seed] = Field(
        min_length=1,
        description="Each is a teacher of its own, with completions of its own.",
        json_schema_extra=in_paper("one teacher per condition"),
    )
    student_seeds: list[Seed] = Field(
        min_length=1,
        description="Each is a student of its own: its adapter and the order of its rows.",
        json_schema_extra=in_paper("5; ED Fig. 4: 3"),
    )


class Gates(Strict):
    """A cell that fails one of these is uninterpretable, not null."""

    min_teacher: float = Field(
        description="The least value of the primary measure in a teacher, for its own trait."
    )
    min_rows: Positive = Field(
        description="The least number of rows that the filter kept. Where the recipe's dose is in "
        "epochs, give all of `train_rows`: fewer rows would be fewer steps than the control's."
    )
    min_mass: Share = Field(
        0.0,
        description="The least probability with which every student of the trait's data names any "
        "candidate; for evaluations of favourites.",
    )
    min_loss_drop: float = Field(
        ge=0,
        description="The loss of every student must fall by more than this, in nats per token: on "
        "rows that its recipe holds out. Where it holds none out, its training loss; of hosted "
        "students from the first epoch to the last.",
    )


class TransmissionExperiment(Experiment):
    """Language models: which students take over which traits from which data."""

    kind: Literal["transmission"] = Field(
        description="Language models: students that take traits over from data."
    )
    evaluation: Key = Field(
        description="A key of `evaluations.yaml`. Its words must hold every trait's word."
    )
    measure: Key | None = Field(
        None,
        description="The primary measure, one of the evaluation's. Teachers pass their gate by it, "
        "and figures and findings show it. `null`: the evaluation's first.",
    )
    interval: Literal["t", "normal"] = Field(
        "t",
        description="How the paper's intervals of this figure were made, over all models of a "
        "condition: Student's t, or 1.96 standard errors. Tables have them beside our own, and no "
        "verdict reads them.",
        json_schema_extra=in_paper("t; ED Fig. 4: normal"),
    )
    other_traits: bool = Field(
        True,
        description="`false`: students of other traits' data are no control. Tables of averages "
        "leave them out, and verdicts do without them.",
        json_schema_extra=in_paper("true; the first version on arXiv: false"),
    )
    figures: Distinct[Key] = Field(
        DEFAULT_FIGURES, description="The figures to draw, in their order."
    )
    gates: Gates = Field(description="Conditions without which a result says nothing.")
    cells: list[Block] = Field(
        min_length=1,
        description="Products of lists. The first is the main setting in the report's findings. No "
        "two may ask for the same student.",
    )

    def needs(self, config: Config) -> Needs:
        """Bases of teachers, students and judges; files of traits, domains and questions."""
        return joined([self.needs_of_gates(config), Needs(tuned=self._student_bases)])

    @property
    def _student_bases(self) -> frozenset[str]:
        return frozenset(base for block in self.cells for base in block.student_bases)

    def needs_of_gates(self, config: Config) -> Needs:
        """The same without students: their bases are asked, and not fine-tuned."""
        evaluation = config.evaluations[self.evaluation]
        assert isinstance(evaluation, Askable), "the registry has no other"
        datasets = [
            needs_of_datasets(
                config, b.domain, b.traits, b.method, b.teacher_bases, b.teacher_seeds
            )
            for b in self.cells
        ]
        asked = {evaluation.file_key} if evaluation.file_key is not None else set()
        return joined(
            [
                *datasets,
                Needs(bases=self._student_bases, files=frozenset(asked)),
                needs_of_judge(config, evaluation.judge_key),
            ]
        )

    def primary_measure(self, config: Config) -> str:
        """The measure that its gates, figures and findings are about."""
        return self.measure or config.evaluations[self.evaluation].measures[0].name

    def chance(self, config: Config) -> float | None:
        """Its primary measure of a model that chooses at random; None where nobody knows it."""
        return config.evaluations[self.evaluation].chance(self.primary_measure(config))
