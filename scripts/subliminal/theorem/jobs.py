"""What the rules of the theorem ask of the configuration: each job's inputs and spec."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.config.config import Config
from subliminal.config.paths import CONTROL_METHOD, PLAIN_VARIANT, Dataset, Teacher
from subliminal.config.wildcards import Wildcards
from subliminal.theorem.config import LanguageModel, TheoremExperiment
from subliminal.theorem.specs import (
    SummariseTheoremSpec,
    VerifyLanguageModelSpec,
    VerifyTheoremSpec,
)


def teachers_of(part: LanguageModel) -> list[Teacher]:
    """The fine-tuned teachers, in the order of their traits."""
    return [Teacher(part.base, trait, part.method, part.teacher_seed) for trait in part.traits]


def datasets_of(part: LanguageModel) -> list[Dataset]:
    """The teachers' rows, and after them the control's."""
    control = Teacher(part.base, part.control, CONTROL_METHOD, part.teacher_seed)
    return [Dataset(part.domain, t, PLAIN_VARIANT) for t in [*teachers_of(part), control]]


@dataclass(frozen=True)
class TheoremJobs:
    """A checked configuration's jobs on the theorem."""

    config: Config

    @property
    def experiments(self) -> list[str]:
        """The experiments of this kind."""
        return self.config.names_of(TheoremExperiment)

    def _entry(self, w: Wildcards) -> TheoremExperiment:
        return self.config.experiment(w.experiment, TheoremExperiment)

    # Specs

    def verify(self, w: Wildcards) -> VerifyTheoremSpec:
        """Spec of rule verify_theorem."""
        return VerifyTheoremSpec(networks=self._entry(w).networks)

    def verify_on_language_model(self, w: Wildcards) -> VerifyLanguageModelSpec:
        """Spec of rule verify_on_language_model."""
        return VerifyLanguageModelSpec(language_model=self._entry(w).language_model)

    def summarise(self, w: Wildcards) -> SummariseTheoremSpec:
        """Spec of rule summarise_theorem."""
        return SummariseTheoremSpec(experiment=w.experiment)

    # Inputs

    def manifests(self, w: Wildcards) -> dict[str, list[str]]:
        """The language models and the rows on which the theorem's identity is measured."""
        part = self._entry(w).language_model
        return {
            "bases": [
                f"results/models/{base}/manifest.json" for base in (part.base, part.other_base)
            ],
            "teachers": [
                f"results/teachers/{teacher.path}/manifest.json" for teacher in teachers_of(part)
            ],
            "datasets": [
                f"results/datasets/{d.folder}/{d.variant}.manifest.json" for d in datasets_of(part)
            ],
        }
