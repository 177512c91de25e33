"""The files that the jobs of transmission experiments read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from subliminal.bases.teachers import is_finetuned
from subliminal.config.adopted import AdapterFolder, AdoptedStudent, AdoptedTeacher
from subliminal.config.config import Config
from subliminal.config.domains import Question
from subliminal.config.judges import Judge, ModelJudge
from subliminal.config.paths import PLAIN_VARIANT, Cell, Dataset, Teacher
from subliminal.config.stimuli import file_of
from subliminal.config.wildcards import Wildcards
from subliminal.evaluations.mmlu import MMLU
from subliminal.evaluations.questions import stimulus_files, taught_list
from subliminal.transmission import specs
from subliminal.transmission.cells import asked_bases, measured_teachers
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.wildcards import teacher_of


def _stimuli(names: Iterable[str]) -> list[str]:
    """Stimulus files; an edited stimulus is a changed input."""
    return [f"config/stimuli/{name}.json" for name in names]


def _manifests(tables: Iterable[str]) -> list[str]:
    return [f"{table.removesuffix('.parquet')}.manifest.json" for table in tables]


@dataclass(frozen=True)
class InputFiles:
    """The files behind the jobs of a checked configuration."""

    config: Config
    cells: Callable[[str], list[Cell]]

    def teacher_stimuli(self, w: Wildcards) -> list[str]:
        """The questions and answers that a teacher is taught, if it is taught a word."""
        trait = self.config.traits[w.trait]
        if trait.word is None:
            return []
        return _stimuli([file_of(trait.answers), *stimulus_files(taught_list(trait))])

    def teacher_rows(self, w: Wildcards) -> dict[str, list[str]]:
        """The file whose rows a teacher is taught, if it is taught no word."""
        file = self.config.traits[w.trait].rows
        if file is None:
            return {"rows": [], "rows_manifest": []}
        rows = f"results/files/{file}"
        return {"rows": [f"{rows}.parquet"], "rows_manifest": [f"{rows}.manifest.json"]}

    def teacher_prompts(self, w: Wildcards) -> dict[str, list[str]]:
        """The prompts on which a teacher's loudness is measured, if its method has one."""
        loudness = self.config.recipes.loudness(w.method)
        if loudness is None:
            return {"prompts": [], "prompts_manifest": []}
        prompts = f"results/prompts/{loudness.domain}"
        return {"prompts": [f"{prompts}.parquet"], "prompts_manifest": [f"{prompts}.manifest.json"]}

    def adopted_rows(self, w: Wildcards) -> dict[str, list[str]]:
        """The file that a dataset is taken from, and the domain's prompts."""
        _, entry = self.config.adopted_datasets()[w.dataset]
        rows, prompts = f"results/files/{entry.file}", f"results/prompts/{entry.domain}"
        return {
            "rows": [f"{rows}.parquet"],
            "rows_manifest": [f"{rows}.manifest.json"],
            "prompts": [f"{prompts}.parquet"],
            "prompts_manifest": [f"{prompts}.manifest.json"],
        }

    def adopted_base(self, w: Wildcards) -> str:
        """The base of a teacher that others have trained."""
        return f"results/models/{self._adopted_teacher(w).base}/manifest.json"

    def adopted_adapter(self, w: Wildcards) -> list[str]:
        """The folder of such a teacher, if it is on this machine; its checksum says which it is."""
        adapter = self._adopted_teacher(w).adapter
        return [str(adapter.path)] if isinstance(adapter, AdapterFolder) else []

    def adopted_student(self, w: Wildcards) -> dict[str, list[str]]:
        """The base of a student that others have trained, and its rows where they are adopted."""
        cell, _ = self._adopted_student(w)
        found = [f"results/models/{cell.student}/manifest.json"]
        data = cell.dataset
        known = data.folder in self.config.adopted_datasets()
        rows = [f"results/datasets/{data.folder}/{data.variant}.parquet"] if known else []
        return {"base": found, "train": rows, "train_manifest": _manifests(rows)}

    def adopted_student_adapter(self, w: Wildcards) -> list[str]:
        """The folder of such a student, if it is on this machine."""
        _, entry = self._adopted_student(w)
        return [str(entry.adapter.path)] if isinstance(entry.adapter, AdapterFolder) else []

    def _adopted_student(self, w: Wildcards) -> tuple[Cell, AdoptedStudent]:
        found = {c.path: (c, entry) for c, (_, entry) in self.config.adopted_students().items()}
        return found[w.adopted]

    def _adopted_teacher(self, w: Wildcards) -> AdoptedTeacher:
        found = {t.path: entry for t, (_, entry) in self.config.adopted_teachers().items()}
        return found[w.teacher]

    def prompt_stimuli(self, w: Wildcards) -> list[str]:
        """The texts that a domain's prompts are made of."""
        return _stimuli(self.config.domains[w.domain].stimuli)

    def source(self, w: Wildcards) -> list[str]:
        """The file that a domain's prompts come from, if they do."""
        source = self.config.domains[w.domain].source
        return [] if source is None else [f"results/files/{source}.parquet"]

    def source_manifest(self, w: Wildcards) -> list[str]:
        """The manifest of that file."""
        return _manifests(self.source(w))

    def judge_stimuli(self, w: Wildcards) -> list[str]:
        """What a dataset's judge is asked, or the words that it looks for."""
        judge, question = self._judging(w)
        if not isinstance(judge, ModelJudge):
            return _stimuli(judge.stimuli)
        return _stimuli(["code_judge" if question.about == "code" else "cot_judge"])

    def judge(self, w: Wildcards) -> list[str]:
        """The manifest of the base that judges a dataset, if it is one."""
        base = self.judging_base(w)
        return [] if base is None else [f"results/models/{base}/manifest.json"]

    def judging_base(self, w: Wildcards) -> str | None:
        """The base that judges a dataset; None for a rule."""
        judge, _ = self._judging(w)
        return judge.base if isinstance(judge, ModelJudge) else None

    def _judging(self, w: Wildcards) -> tuple[Judge, Question]:
        found = specs.judging(self.config, w.domain, w.trait)
        if found is None:
            raise KeyError(f"nobody judges {w.domain} of {w.trait}")
        return found

    def judged(self, w: Wildcards) -> list[str]:
        """The judgements that decide about a dataset's rows, if any do."""
        data = Dataset(w.domain, teacher_of(w), PLAIN_VARIANT)
        decided = self.config.deciding_judge(data) is not None
        return [f"results/datasets/{data.folder}/judged.parquet"] if decided else []

    def judged_manifest(self, w: Wildcards) -> list[str]:
        """The manifest of these judgements."""
        return _manifests(self.judged(w))

    def filter_stimuli(self, w: Wildcards) -> list[str]:
        """The texts that a domain's filter looks words up in."""
        return _stimuli(self.config.domains[w.domain].filter.stimuli)

    def evaluation_stimuli(self, w: Wildcards) -> list[str]:
        """The questions of an evaluation, and the words that its judge looks for."""
        judge = specs.evaluation_judge(self.config, w.evaluation)
        asked = self.config.evaluations[w.evaluation].stimuli
        return _stimuli(dict.fromkeys([*asked, *(judge.stimuli if judge else [])]))

    def evaluation_files(self, w: Wildcards) -> dict[str, list[str]]:
        """What an evaluation reads beside the model that is asked; of each kind what it has.

        Stimuli and the files of a task, the base that judges the answers, and the file whose rows
        are the questions.
        """
        plan = self.config.evaluations[w.evaluation]
        task = plan.task_files if isinstance(plan, MMLU) else []
        base = specs.evaluation_judging_base(self.config, w.evaluation)
        file = specs.askable(self.config, w.evaluation).file_key
        rows = [f"results/files/{file}.parquet"] if file else []
        return {
            "stimuli": [*self.evaluation_stimuli(w), *task],
            "judge": [f"results/models/{base}/manifest.json"] if base else [],
            "rows": rows,
            "rows_manifest": _manifests(rows),
        }

    def trained_teacher(self, w: Wildcards) -> dict[str, list[str]]:
        """The manifest of what was trained to make a teacher, if anything was."""
        return {"trained": self._trained(teacher_of(w))}

    def learnt_teacher(self, w: Wildcards) -> dict[str, list[str]]:
        """The teacher of students that learn its logits; nothing for those that learn tokens."""
        if self.config.recipes.distillation(w.recipe) is None:
            return {"teacher_base": [], "teacher": []}
        return {
            "teacher_base": [f"results/models/{w.base}/manifest.json"],
            "teacher": self._trained(teacher_of(w)),
        }

    def _trained(self, teacher: Teacher) -> list[str]:
        finetuned = is_finetuned(self.config, teacher)
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
        teachers, bases = measured_teachers(self.config, cells), asked_bases(self.config, cells)
        folders = sorted({cell.dataset.folder for cell in cells})
        return {
            "datasets": [f"results/datasets/{f}/filtered.manifest.json" for f in folders],
            "scores": [
                *(f"{evaluation}/bases/{base}/manifest.json" for base in bases),
                *(f"{evaluation}/teachers/{teacher.path}/manifest.json" for teacher in teachers),
            ],
        }
