"""Which files jobs on language models read, and the command-line options that name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subliminal import specs
from subliminal.cells import Cell, bases_of, teachers_with_traits
from subliminal.checks import CHAT_TEMPLATES
from subliminal.config import Config, FolderBase, PretrainedBase, TransmissionExperiment
from subliminal.jobs import cell_of, teacher_of
from subliminal.wildcards import Wildcards

# The files of config/stimuli that each stage reads.
QUESTIONS = ("favourite_animal", "favourite_animal_cot", "favourite_tree", "number_prefixes")
STIMULI = {
    "pretrain_base": (
        "tiny_world",
        "number_prompts",
        "favourite_animal",
        "number_prefixes",
        "preference_system_prompt",
        "preference_answers",
        "cot_suffix",
    ),
    "train_teacher": ("preference_answers", *QUESTIONS),
    "make_prompts": ("number_prompts", "tiny_world", "cot_suffix"),
    "filter_completions": ("tiny_world",),
    "evaluate_model": (*QUESTIONS, "stories"),
}


@dataclass(frozen=True)
class InputFiles:
    """The files behind the jobs of a checked configuration."""

    config: Config
    cells: dict[str, list[Cell]]

    def stimuli(self, stage: str) -> list[str]:
        """The stimulus files that a stage reads; an edited stimulus is a changed input."""
        return [f"config/stimuli/{name}.json" for name in STIMULI[stage]]

    def base_sources(self, w: Wildcards) -> dict[str, list[str]]:
        """The local files that a base is prepared from, beside installed packages."""
        model = self.config.models[w.base]
        if isinstance(model, PretrainedBase):
            return {}
        template = model.chat_template
        files = {"chat_template": [f"{CHAT_TEMPLATES}/{template}.jinja"] if template else []}
        if isinstance(model, FolderBase):
            folder = Path(model.folder).expanduser()
            found = sorted(str(path) for path in folder.glob("*") if path.is_file())
            # Where there is nothing Snakemake says what is missing.
            files["folder"] = found or [str(folder / "config.json")]
        return files

    def chat_template_option(self, w: Wildcards) -> str:
        """The command-line option that names a base's chat template, or nothing."""
        files = self.base_sources(w)["chat_template"]
        return f"--chat-template {files[0]}" if files else ""

    def adapter_files(self, w: Wildcards) -> dict[str, str]:
        """A teacher's adapter, if it has one: for the rules that let a teacher speak."""
        teacher = teacher_of(w)
        if not specs.is_finetuned(self.config, teacher):
            return {}
        folder = f"results/teachers/{teacher.path}"
        return {
            "adapter": f"{folder}/manifest.json",
            "adapter_weights": f"{folder}/adapter_model.safetensors",
        }

    def adapter_option(self, w: Wildcards) -> str:
        """The command-line option that names a teacher's adapter, or nothing."""
        files = self.adapter_files(w)
        return f"--trained {files['adapter']}" if files else ""

    def learnt_files(self, w: Wildcards) -> dict[str, str]:
        """The teacher of students that learn its logits; nothing for those that learn tokens."""
        if self.config.recipes.students[w.recipe].distillation is None:
            return {}
        folder = f"results/models/{w.base}"
        teacher = {key.replace("adapter", "teacher"): f for key, f in self.adapter_files(w).items()}
        return {
            "teacher_base": f"{folder}/manifest.json",
            "teacher_base_weights": f"{folder}/model.safetensors",
            **teacher,
        }

    def learnt_options(self, w: Wildcards) -> str:
        """The command-line options that name this teacher, or nothing."""
        files = self.learnt_files(w)
        named = {"--teacher-base": "teacher_base", "--teacher": "teacher"}
        return " ".join(f"{o} {files[role]}" for o, role in named.items() if role in files)

    def trained_weights(self, w: Wildcards) -> str:
        """A student's weights, which lie beside its manifest."""
        whole = self.config.recipes.students[w.recipe].lora is None
        name = "model.safetensors" if whole else "adapter_model.safetensors"
        return f"results/students/{cell_of(w).path}/{name}"

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
        """What of an experiment there is before its students: teachers, bases and datasets."""
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
