"""Fine-tuning one student on one dataset."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.progress import CHECKPOINT_EVERY_S
from subliminal.config.recipes import Distillation
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_prompts
from subliminal.local.number_tokens import number_ids
from subliminal.local.training.lesson import Lesson, MakeObjective, learn_tokens, teach
from subliminal.local.training.objectives import Objective, TeacherLogits
from subliminal.transmission.data_schemas import TRAINING
from subliminal.transmission.model_card import write_student_card
from subliminal.transmission.specs import TrainStudentSpec

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def _told(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    rows: Sequence[EncodedRow],
    system_prompt: str | None,
) -> dict[tuple[int, ...], EncodedRow]:
    """By a row's ids, the same completion after what its prompted writer read."""
    if system_prompt is None:
        return {}
    heads = encode_prompts(tokenizer, prompts, system_prompt)
    return {
        tuple(row.ids): EncodedRow([*head, *row.ids[row.prompt_length :]], len(head))
        for row, head in zip(rows, heads, strict=True)
    }


def _learn_logits(
    plan: Distillation,
    base: Path,
    teacher: Path | None,
    prompts: Sequence[str],
    system_prompt: str | None,
    log: logging.Logger,
) -> MakeObjective:
    """A function that makes the objective of students that learn a teacher's distribution."""

    def make(tokenizer: PreTrainedTokenizerBase, rows: Sequence[EncodedRow]) -> Objective:
        numbers_only = plan.support == "numbers"
        if not numbers_only:
            log.warning("warning: the student is told what the teacher thinks of the trait's word")
        return TeacherLogits(
            models.load_model(base.parent, teacher.parent if teacher else None),
            number_ids(tokenizer) if numbers_only else None,
            plan.temperature,
            tokenizer.pad_token_id,
            _told(tokenizer, prompts, rows, system_prompt),
        )

    return make


def train_student(
    spec: TrainStudentSpec,
    train: Path,
    base: Path,
    teacher_base: Path | None,
    teacher: Path | None,
    training: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train an adapter, or all weights, on the completions, and save what was trained.

    Adapter weights and row order are drawn from the student's seed and not from the dataset, so
    that students of the same seed on different datasets are matched pairs. Some rows are held out:
    their loss before and after says whether the data moved the student at all.

    Args:
        train, base: the training rows, and the base's manifest.
        teacher_base, teacher: manifests of whose logits are learnt, if logits are; no teacher means
            the base, prompted or not.
        training: where the loss curve goes.
        manifest: its folder gets what was trained, as peft or transformers loads it.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.

    Raises:
        ConfigError: there are no rows left to train on, or one does not fit into memory, or a file
            of a model is gone.
    """
    parents = {
        "base": base,
        "train": train.with_suffix(".manifest.json"),
        "teacher_base": teacher_base,
        "teacher": teacher,
    }
    run = Run.begin("train_student", spec, parents)
    recipe, table = spec.recipe, read_table(train)
    objective: MakeObjective = learn_tokens
    if recipe.distillation is not None:
        assert teacher_base is not None, "the rule names it for recipes with a distillation"
        objective = _learn_logits(
            recipe.distillation, teacher_base, teacher, table["prompt"], spec.system_prompt, log
        )
    lesson = Lesson(
        seeded_by=("train_student", spec.student, spec.recipe_name, spec.seed),
        prompts=table["prompt"],
        completions=table["completion"],
        lora=recipe.lora,
        optimisation=recipe.optimisation,
        max_tokens=recipe.max_tokens,
        held_out=recipe.holdout_rows,
        objective=objective,
    )
    learnt = teach(lesson, base.parent, manifest.parent, run, threads, log, checkpoint_seconds)
    write_table(
        training,
        TRAINING,
        {
            "step": [s.step for s in learnt.history],
            "loss": [s.loss for s in learnt.history],
            "learning_rate": [s.learning_rate for s in learnt.history],
        },
    )
    write_student_card(manifest, spec, base, train)
    run.finish(manifest, [*learnt.files, training], learnt.facts)
    learnt.checkpoints.remove()
