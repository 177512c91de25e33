"""The files that the jobs of transmission experiments read."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.config.config import Config
from subliminal.config.paths import Cell, Teacher, bases_of, teachers_with_traits
from subliminal.config.wildcards import Wildcards
from subliminal.transmission import specs
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.wildcards import teacher_of

# The files of config/stimuli that each stage reads.
QUESTIONS = ("favourite_animal", "favourite_animal_cot", "favourite_tree", "number_prefixes")
STIMULI = {
    "train_teacher": ("preference_answers", *QUESTIONS),
    "make_prompts": ("number_prompts", "tiny_world", "cot_suffix"),
    "filter_completions": ("tiny_world",),
    "evaluate_model": (*QUESTIONS, "stories", "essay_topic"),
}


@dataclass(frozen=True)
class InputFiles:
    """The files behind the jobs of a checked configuration."""

    config: Config
    cells: dict[str, list[Cell]]

    def stimuli(self, stage: str) -> list[str]:
        """The stimulus files that a stage reads; an edited stimulus is a changed input."""
        return [f"config/stimuli/{name}.json" for name in STIMULI[stage]]

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
        before, cells = self.gate_files(w), self.cells[w.experiment]
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
        cells = self.cells[w.experiment]
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
