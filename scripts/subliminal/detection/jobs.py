"""What the rules of detection ask of the configuration: each job's inputs, spec and resources."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.artefacts.spec import with_stimuli
from subliminal.bases import resources
from subliminal.config.config import Config
from subliminal.config.models import Base
from subliminal.config.wildcards import Wildcards
from subliminal.detection import specs
from subliminal.detection.config import DetectionExperiment
from subliminal.detection.specs import (
    ClassifyPairsSpec,
    EvaluateInContextSpec,
    SummariseDetectionSpec,
)


@dataclass(frozen=True)
class DetectionJobs:
    """A checked configuration's jobs of detection."""

    config: Config

    @property
    def experiments(self) -> list[str]:
        """All experiments of this kind."""
        return self.config.names_of(DetectionExperiment)

    @property
    def chosen(self) -> list[str]:
        """Those that named targets are about."""
        return self.config.chosen_of(DetectionExperiment)

    # Targets

    def base_files(self) -> list[str]:
        """The bases of all teachers, those that are asked, and those that judge."""
        needs = (self.config.experiments[name].needs(self.config) for name in self.chosen)
        bases = frozenset[str]().union(*(need.bases for need in needs))
        return [f"results/models/{base}/manifest.json" for base in sorted(bases)]

    def dataset_files(self) -> list[str]:
        """The datasets, as far as experiments read them."""
        found = [specs.summarise_detection(self.config, name) for name in self.chosen]
        files = [path for spec in found for path in spec.dataset_manifests.values()]
        return list(dict.fromkeys(files))

    # Specs

    def classify(self, w: Wildcards) -> ClassifyPairsSpec:
        """Spec of rule classify_pairs."""
        plan = self.config.experiment(w.experiment, DetectionExperiment).classifier
        word = self.config.traits[w.trait].word
        assert plan is not None and word is not None, "checked with the experiment"
        spec = ClassifyPairsSpec(
            word=word, pair=f"{_folder(w)}/{w.other}", most_pairs=plan.most_pairs, seed=plan.seed
        )
        return with_stimuli(spec, self.classifier_stimuli(w))

    def evaluate_in_context(self, w: Wildcards) -> EvaluateInContextSpec:
        """Spec of rule evaluate_in_context."""
        spec = EvaluateInContextSpec(
            evaluation=w.evaluation,
            plan=specs.askable(self.config, w.evaluation),
            model=f"{w.asked}/{_folder(w)}/k{w.k}/seed{w.seed}",
            k=int(w.k),
            seed=int(w.seed),
        )
        return with_stimuli(spec, self.in_context_stimuli(w))

    def summarise(self, w: Wildcards) -> SummariseDetectionSpec:
        """Spec of rule summarise_detection."""
        return specs.summarise_detection(self.config, w.experiment)

    # Inputs

    def classifier_stimuli(self, w: Wildcards) -> list[str]:
        """The question of the classifier."""
        return ["config/stimuli/classifier.json"]

    def in_context_stimuli(self, w: Wildcards) -> list[str]:
        """The form of an example, and the questions of the evaluation."""
        names = ["in_context", *self.config.evaluations[w.evaluation].stimuli]
        return [f"config/stimuli/{name}.json" for name in names]

    def summary_files(self, w: Wildcards) -> list[str]:
        """Everything that an experiment's tables are made of."""
        return list(self.summarise(w).manifests.values())

    # What a job asks of the machine

    def _asked(self, w: Wildcards) -> Base:
        """The base that a job asks."""
        return self.config.models[w.asked]

    def memory_mb(self, w: Wildcards) -> int:
        """A resource function: main memory of a job that asks a base, in MB."""
        return resources.memory_mb("evaluate_model", self._asked(w))

    def runtime(self, w: Wildcards) -> int:
        """A resource function: the time limit of a job that asks a base, in minutes."""
        return resources.runtime("evaluate_model", self._asked(w))

    def gpus(self, w: Wildcards) -> int:
        """A resource function: how many GPUs a job that asks a base needs."""
        return resources.gpus(self._asked(w), self.config.settings.gpu_tiers)


def _folder(w: Wildcards) -> str:
    return f"{w.domain}/{w.base}/{w.trait}-{w.method}/t{w.teacher_seed}"
