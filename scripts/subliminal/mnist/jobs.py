"""What the rules of MNIST ask of the configuration: each job's inputs and spec."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from subliminal.config.config import Config
from subliminal.config.wildcards import Wildcards
from subliminal.mnist.config import ComparisonName, IdxDigits, MnistExperiment
from subliminal.mnist.data import IDX_FILES, idx_path
from subliminal.mnist.specs import (
    PrepareDigitsSpec,
    SummariseMnistSpec,
    TrainMnistStudentsSpec,
    TrainMnistTeachersSpec,
)


def _replicas(entry: MnistExperiment, part: int) -> list[int]:
    first = part * entry.replicas_per_job
    return list(range(first, min(first + entry.replicas_per_job, entry.replicas)))


@dataclass(frozen=True)
class MnistJobs:
    """A checked configuration's jobs on MNIST."""

    config: Config

    @property
    def experiments(self) -> list[str]:
        """The experiments of this kind."""
        return self.config.names_of(MnistExperiment)

    @property
    def comparisons(self) -> list[str]:
        """Every comparison that a path can name."""
        return list(get_args(ComparisonName))

    def _entry(self, w: Wildcards) -> MnistExperiment:
        return self.config.experiment(w.experiment, MnistExperiment)

    # Specs

    def prepare_digits(self, w: Wildcards) -> PrepareDigitsSpec:
        """Spec of rule prepare_digits."""
        return PrepareDigitsSpec(digits=self._entry(w).digits)

    def train_teachers(self, w: Wildcards) -> TrainMnistTeachersSpec:
        """Spec of rule train_mnist_teachers: one part of an experiment's teachers."""
        entry = self._entry(w)
        return TrainMnistTeachersSpec(
            network=entry.network,
            fitting=entry.fitting,
            auxiliary_logits=int(w.m),
            seed=entry.seed,
            replicas=_replicas(entry, int(w.part)),
            shared_inputs=entry.shared_inputs,
        )

    def train_students(self, w: Wildcards) -> TrainMnistStudentsSpec:
        """Spec of rule train_mnist_students: one comparison's, of one part of the teachers."""
        entry = self._entry(w)
        students = {name: c.students for name, c in entry.comparisons.items()}[w.comparison]
        drawn = any(student.initialisation != "same" for student in students.values())
        return TrainMnistStudentsSpec(
            comparison=w.comparison,
            students=students,
            network=entry.network,
            fitting=entry.fitting,
            auxiliary_logits=int(w.m),
            seed=entry.seed,
            replicas=_replicas(entry, int(w.part)),
            all_replicas=entry.replicas if drawn else None,
            shared_inputs=entry.shared_inputs,
        )

    def summarise(self, w: Wildcards) -> SummariseMnistSpec:
        """Spec of rule summarise_mnist."""
        shown = [[str(name), *c.students] for name, c in self._entry(w).comparisons.items()]
        return SummariseMnistSpec(experiment=w.experiment, shown=shown)

    # Inputs

    def digit_files(self, w: Wildcards) -> list[str]:
        """The IDX files of an MNIST experiment; none where a package has the digits."""
        source = self._entry(w).digits
        if not isinstance(source, IdxDigits):
            return []
        return [str(idx_path(Path(source.folder), name, "folder")) for name in IDX_FILES]

    def run_files(self, w: Wildcards) -> list[str]:
        """Manifests beside every table of accuracies of an MNIST experiment, in their order."""
        entry = self._entry(w)
        parts = range(-(-entry.replicas // entry.replicas_per_job))
        folder = f"results/mnist/{w.experiment}"
        widths = sorted({m for c in entry.comparisons.values() for m in c.auxiliary_logits})
        teachers = [f"m{m}/part{part}" for m in widths for part in parts]
        students = [
            f"m{m}/part{part}/{name}"
            for name, comparison in entry.comparisons.items()
            for m in comparison.auxiliary_logits
            for part in parts
        ]
        return [f"{folder}/{path}/manifest.json" for path in [*teachers, *students]]
