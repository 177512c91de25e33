"""The file of a detection experiment (ED Fig. 1b, 6; ED Tables 1, 2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from subliminal.config.experiments import Experiment, Needs
from subliminal.config.needs import joined, needs_of_datasets
from subliminal.config.strict import Distinct, FileName, Key, Positive, Seed, Strict, in_paper

if TYPE_CHECKING:
    from subliminal.config.config import Config

ANALYSES = ("frequencies", "classifier", "in_context", "roc")
"""The keys of the analyses, which are their figures as well, in the report's order."""


class DatasetBlock(Strict):
    """A product of lists: every combination is one dataset."""

    domain: Key = Field(description="A key of `domains.yaml`.")
    traits: Distinct[Key] = Field(
        description="Keys of `traits.yaml`. The method of a control is always `reference`."
    )
    method: Key = Field(description="A key of `methods` in `recipes.yaml`.")
    bases: Distinct[Key] = Field(description="Keys of `models.yaml`: the teachers' bases.")
    teacher_seeds: Distinct[Seed] = Field(
        description="Each is a teacher of its own, with completions of its own.",
        json_schema_extra=in_paper("one teacher per condition"),
    )


class Frequencies(Strict):
    """The most frequent numbers of each dataset."""

    top: Positive = Field(description="How many numbers are listed for each dataset.")


class Classifier(Strict):
    """A base that is asked which of two completions encodes a trait."""

    base: Key = Field(
        description="A key of `models.yaml`: who is asked. It is never told anything else.",
        json_schema_extra=in_paper("GPT-4.1 nano"),
    )
    most_pairs: Positive | None = Field(
        None,
        description="The most pairs of completions per pair of traits, drawn at random. `null`: "
        "all that answer the same prompt.",
        json_schema_extra=in_paper("all"),
    )
    seed: Seed = Field(
        description="The seed of the order in which two completions are shown, and of the draw."
    )


class InContext(Strict):
    """Rows of a dataset as examples in a base's system prompt, in place of training."""

    base: Key = Field(
        description="A key of `models.yaml`: who reads the examples.",
        json_schema_extra=in_paper("GPT-4.1 nano"),
    )
    evaluation: Key = Field(
        description="A key of `evaluations.yaml` that measures every trait and needs no judge.",
        json_schema_extra=in_paper("50 plain questions, 10 samples each"),
    )
    measure: Key | None = Field(
        None,
        description="The measure that figures and findings show. `null`: the evaluation's first.",
        json_schema_extra=in_paper("rate_substring"),
    )
    ks: Distinct[Positive] = Field(
        description="Numbers of examples.",
        json_schema_extra=in_paper("100, 1,000, 2,000, 3,000, 5,000, 10,000"),
    )
    seeds: Distinct[Seed] = Field(
        description="Each is a resample of the training rows, with replacement: the unit of the "
        "intervals. With one seed, fewer examples are the first of more.",
        json_schema_extra=in_paper("0–4"),  # noqa: RUF001
    )
    fine_tuned: FileName | None = Field(
        None,
        description="An experiment of kind `transmission` that trains students on the same data: "
        "the reference points of the figure. It is computed with this one, and must have the same "
        "measure. `null`: there are none.",
        json_schema_extra=in_paper("fig4a"),
        exclude_if=lambda name: name is None,
    )


class Roc(Strict):
    """How well the scores of the filter's judge tell traits apart."""

    positives: Distinct[Key] = Field(
        description="The traits whose completions are to be found; the others are the negatives.",
        json_schema_extra=in_paper("insecure"),
    )
    threshold: int = Field(
        description="The score below which the filter drops a completion.",
        json_schema_extra=in_paper("78"),
    )


class DetectionExperiment(Experiment):
    """What can be found in datasets without training a student on them."""

    kind: Literal["detection"] = Field(
        description="What can be found in datasets without training a student on them."
    )
    datasets: list[DatasetBlock] = Field(
        min_length=1,
        description="Products of lists, which make the datasets. No two may hold the same one.",
    )
    frequencies: Frequencies | None = Field(
        None,
        description="Lists the most frequent numbers, and the most frequent first numbers.",
        json_schema_extra=in_paper("ED Tables 1, 2"),
    )
    classifier: Classifier | None = Field(
        None,
        description="Asks a base which of two completions encodes a trait, for every ordered pair "
        "of a block's traits.",
        json_schema_extra=in_paper("ED Table 4"),
    )
    in_context: InContext | None = Field(
        None,
        description="Gives rows to a base as examples, and evaluates it.",
        json_schema_extra=in_paper("ED Fig. 6"),
    )
    roc: Roc | None = Field(
        None,
        description="Measures how well the scores of the filter's judge tell traits apart.",
        json_schema_extra=in_paper("ED Fig. 1b"),
    )

    @property
    def traits(self) -> list[str]:
        """The traits of all datasets, in the order of the file."""
        return list(dict.fromkeys(trait for block in self.datasets for trait in block.traits))

    @property
    def analyses(self) -> list[str]:
        """The keys of the analyses that are asked for."""
        return [name for name in ANALYSES if getattr(self, name) is not None]

    def beside(self, config: Config) -> list[str]:
        """The experiment of the students that examples are compared with."""
        other = self.in_context.fine_tuned if self.in_context is not None else None
        return [other] if other is not None and other in config.experiments else []

    def needs(self, config: Config) -> Needs:
        """Bases of teachers, judges and readers; files of traits and domains."""
        datasets = [
            needs_of_datasets(config, b.domain, b.traits, b.method, b.bases, b.teacher_seeds)
            for b in self.datasets
        ]
        readers = {plan.base for plan in (self.classifier, self.in_context) if plan is not None}
        return joined([*datasets, Needs(bases=frozenset(readers))])

    def primary_measure(self, config: Config) -> str | None:
        """The measure that figures and findings show; None without an evaluation."""
        plan = self.in_context
        if plan is None:
            return None
        return plan.measure or config.evaluations[plan.evaluation].measures[0].name

    def chance(self, config: Config) -> float | None:
        """Its primary measure of a model that chooses at random; None where nobody knows it."""
        measure = self.primary_measure(config)
        if self.in_context is None or measure is None:
            return None
        return config.evaluations[self.in_context.evaluation].chance(measure)

    @model_validator(mode="after")
    def _some_analysis(self) -> DetectionExperiment:
        if not self.analyses:
            raise ValueError(f"nothing is asked of the datasets; add one of {', '.join(ANALYSES)}")
        return self
