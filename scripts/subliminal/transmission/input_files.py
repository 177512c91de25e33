"""The files that the jobs of transmission experiments read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from subliminal.config.config import Config
from subliminal.config.paths import Cell, Teacher, bases_of, teachers_with_traits
from subliminal.config.wildcards import Wildcards
from subliminal.evaluations.questions import favourite_list, stimulus_files
from subliminal.transmission import specs
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.wildcards import teacher_of


def _stimuli(names: Iterable[str]) -> list[str]:
    """Stimulus files; an edited stimulus is a changed input."""
    return [f"config/stimuli/{name}.json" for name in names]


@dataclass(frozen=True)
class InputFiles:
    """The files behind the jobs of a checked configuration."""

    config: Config
    cells: Callable[[str], list[Cell]]

    def teacher_stimuli(self, w: Wildcards) -> list[str]:
        """The questions and answers that a teacher is taught."""
        category = self.config.traits[w.trait].category
        asked = stimulus_files(favourite_list(category)) if category else []
        return _stimuli(["preference_answers", *asked])

    def teacher_prompts(self, w: Wildcards) -> dict[str, list[str]]:
        """The prompts on which a teacher's loudness is measured, if its method has one."""
        loudness = self.config.recipes.loudness(w.method)
        if loudness is None:
            return {"prompts": [], "prompts_manifest": []}
        prompts = f"results/prompts/{loudness.domain}"
        return {"prompts": [f"{prompts}.parquet"], "prompts_manifest": [f"{prompts}.manifest.json"]}

    def prompt_stimuli(self, w: Wildcards) -> list[str]:
        """The texts that a domain's prompts are made of."""
        return _stimuli(self.config.domains[w.domain].stimuli)

    def filter_stimuli(self, w: Wildcards) -> list[str]:
        """The texts that a domain's filter looks words up in."""
        return _stimuli(self.config.domains[w.domain].filter.stimuli)

    def evaluation_stimuli(self, w: Wildcards) -> list[str]:
        """The questions of an evaluation."""
        return _stimuli(self.config.evaluations[w.evaluation].stimuli)

    def trained_teacher(self, w: Wildcards) -> dict[str, list[str]]:
        """The manifest of what was trained to make a teacher, if anything was."""
        return {"trained": self._trained(teacher_of(w))}

    def learnt_teacher(self, w: Wildcards) -> dict[str, list[str]]:
        """The teacher of students that learn its logits; nothing for those that learn tokens."""
        if self.config.recipes.students[w.recipe].distillation is None:
            return {"teacher_base": [], "teacher": []}
        return {
            "teacher_base": [f"results/models/{w.base}/manifest.json"],
            "teacher": self._trained(teacher_of(w)),
        }

    def _trained(self, teacher: Teacher) -> list[str]:
        finetuned = specs.is_finetuned(self.config, teacher)
        return [f"results/teachers/{teacher.path}/manifest.json"] if finetuned else []

    def summary_files(self, w: Wildcards) -> dict[str, list[str]]:
        """Everything that an experiment's tables are made of."""
        before, cells = self.gate_files(w), self.cells(w.experiment)
        entry = self.config.experiment(w.experiment, TransmissionExperiment)
        folder = f"results/evaluations/{entry.evaluation}/students"
        return {
            "datasets": before["datasets"],
            "scores": [
                *before["scores"],
                *(f"{folder}/{cell.path}/manifest.json" for cell in cells),
            ],
            "students": [f"results/students/{cell.path}/manifest.json" for cell in cells],
        }

    def gate_files(self, w: Wildcards) -> dict[str, list[str]]:
        """The part of an experiment that exists before its students: teachers, bases, datasets."""
        cells = self.cells(w.experiment)
        entry = self.config.experiment(w.experiment, TransmissionExperiment)
        evaluation = f"results/evaluations/{entry.evaluation}"
        teachers, bases = teachers_with_traits(cells), bases_of(cells)
        folders = sorted({cell.dataset.folder for cell in cells})
        return {
            "datasets": [f"results/datasets/{f}/filtered.manifest.json" for f in folders],
            "scores": [
                *(f"{evaluation}/bases/{base}/manifest.json" for base in bases),
                *(f"{evaluation}/teachers/{teacher.path}/manifest.json" for teacher in teachers),
            ],
        }
