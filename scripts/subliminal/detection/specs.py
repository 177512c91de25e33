"""What each stage of detection is told."""

from __future__ import annotations

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.config.config import Config
from subliminal.config.paths import Dataset
from subliminal.detection.config import (
    Classifier,
    DatasetBlock,
    DetectionExperiment,
    Frequencies,
    InContext,
    Roc,
)
from subliminal.detection.datasets import Context, Pair, contexts_of, datasets_of, pairs_of
from subliminal.evaluations.asking import Askable
from subliminal.evaluations.registry import AnyEvaluation


class ClassifyPairsSpec(StageSpec):
    """A base that is asked which of two completions encodes a trait."""

    stage_version: int = 2
    word: str = Field(description="The target's word.")
    pair: str = Field(description="The pair's path, by which random streams are named.")
    most_pairs: int | None
    seed: int

    def about(self) -> str:
        """In the words of a lineage."""
        return f"guesses which of two completions encodes {self.word!r}: {self.pair}"


class EvaluateInContextSpec(StageSpec):
    """A set of questions put to a base that has read examples."""

    stage_version: int = 1
    evaluation: str = Field(description="The evaluation's name, by which random streams are named.")
    plan: AnyEvaluation
    model: str = Field(description="Base and examples: what random streams are named by, too.")
    k: int
    seed: int

    def about(self) -> str:
        """In the words of a lineage."""
        return f"evaluation of {self.model}: {self.k} examples in its system prompt"


class SummariseDetectionSpec(StageSpec):
    """The tables of a detection experiment.

    It holds the blocks and not what they expand to: a spec travels on a command line.
    """

    experiment: str
    blocks: list[DatasetBlock]
    controls: list[str] = Field(description="The traits that are none.")
    frequencies: Frequencies | None
    classifier: Classifier | None
    in_context: InContext | None
    roc: Roc | None
    targets: dict[str, str] = Field(
        description="What the evaluation calls each trait; empty without an evaluation."
    )

    @property
    def datasets(self) -> list[Dataset]:
        """The datasets, in the order of the file."""
        return datasets_of(self.blocks, self.controls)

    @property
    def pairs(self) -> list[Pair]:
        """What the classifier is shown; nothing without one."""
        return pairs_of(self.blocks, self.controls) if self.classifier else []

    @property
    def contexts(self) -> list[Context]:
        """The examples that a base reads; none where it reads none."""
        return contexts_of(self.datasets, self.in_context) if self.in_context else []

    @property
    def read_by_stage(self) -> dict[str, list[Dataset]]:
        """The datasets that are read, by the stage of them that is."""
        shown = [data for pair in self.pairs for data in (pair.target, pair.other)]
        return {
            "train": self.datasets if self.frequencies or self.in_context else [],
            "filtered": list(dict.fromkeys(shown)),
            "judged": self.datasets if self.roc else [],
        }

    @property
    def dataset_manifests(self) -> dict[str, str]:
        """The manifests of these, by what they hold."""
        return {
            f"{stage} {data.folder}": f"results/datasets/{data.folder}/{stage}.manifest.json"
            for stage, datasets in self.read_by_stage.items()
            for data in datasets
        }

    def answers_manifest(self, pair: Pair) -> str:
        """The manifest beside the answers to a pair."""
        assert self.classifier is not None, "there are no pairs without a classifier"
        folder = f"results/detection/{self.experiment}/{self.classifier.base}"
        return f"{folder}/{pair.path}/manifest.json"

    def scores_manifest(self, context: Context | None) -> str:
        """The manifest beside the scores of the base after examples, or without any."""
        assert self.in_context is not None, "there are no examples without in_context"
        folder, base = f"results/evaluations/{self.in_context.evaluation}", self.in_context.base
        read = f"in_context/{base}/{context.path}" if context else f"bases/{base}"
        return f"{folder}/{read}/manifest.json"

    @property
    def manifests(self) -> dict[str, str]:
        """The manifests of everything that the tables are made of, by what it is."""
        scores = {"base": self.scores_manifest(None)} if self.in_context else {}
        scores |= {f"examples {c.path}": self.scores_manifest(c) for c in self.contexts}
        answers = {f"answers {pair.path}": self.answers_manifest(pair) for pair in self.pairs}
        found = {**self.dataset_manifests, **answers, **scores}
        if self.in_context is not None and self.in_context.fine_tuned is not None:
            found["students"] = f"results/tables/{self.in_context.fine_tuned}/manifest.json"
        return found


def askable(config: Config, evaluation: str) -> Askable:
    """An evaluation that can be put to a model, as all of the registry can."""
    entry = config.evaluations[evaluation]
    assert isinstance(entry, Askable), "the registry has no other"
    return entry


def targets_of(config: Config, name: str) -> dict[str, str]:
    """What an experiment's evaluation calls each trait of its datasets."""
    entry = config.experiment(name, DetectionExperiment)
    if entry.in_context is None:
        return {}
    evaluation = config.evaluations[entry.in_context.evaluation]
    traits = dict.fromkeys(trait for block in entry.datasets for trait in block.traits)
    found = {t: evaluation.target(config.traits[t]) for t in traits if not config.traits[t].control}
    return {trait: target for trait, target in found.items() if target is not None}


def summarise_detection(config: Config, name: str) -> SummariseDetectionSpec:
    """Spec of an experiment's tables."""
    entry = config.experiment(name, DetectionExperiment)
    return SummariseDetectionSpec(
        experiment=name,
        blocks=entry.datasets,
        controls=[trait for trait, given in config.traits.items() if given.control],
        frequencies=entry.frequencies,
        classifier=entry.classifier,
        in_context=entry.in_context,
        roc=entry.roc,
        targets=targets_of(config, name),
    )


def shown_measure(config: Config, name: str) -> str | None:
    """The measure that figures and findings show; None without an evaluation."""
    return config.experiment(name, DetectionExperiment).primary_measure(config)
