"""Fine-tuning one student on one dataset."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.command_line import CHECKPOINT_EVERY_S
from subliminal.local import models
from subliminal.local.checkpoints import Checkpoints, training_identity
from subliminal.local.encoding import EncodedRow, encode_prompts, encode_rows
from subliminal.local.notices import warn_of_inserted_text, warn_of_truncation
from subliminal.local.objectives import (
    CompletionTokens,
    Objective,
    TeacherLogits,
    number_ids,
)
from subliminal.local.reporting import step_report
from subliminal.local.training import fine_tune, loss_at_ends, mean_loss
from subliminal.manifest import Run
from subliminal.partial import FOLDER
from subliminal.seeds import derive_seed
from subliminal.specs import TrainStudentSpec
from subliminal.tables import read_table, write_table

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


def train_student(
    spec: TrainStudentSpec,
    train: Path,
    base: Path,
    teacher_base: Path | None,
    teacher: Path | None,
    weights: Path,
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
        weights: the weights file; its folder is what peft or transformers loads.
        training: where the loss curve goes.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.

    Raises:
        ConfigError: there are no rows left to train on, or one does not fit into memory.
    """
    import numpy as np

    run = Run.begin("train_student", spec)
    recipe, identity = spec.recipe, (spec.student, spec.recipe_name, spec.seed)
    plan, max_tokens = recipe.optimisation, recipe.max_tokens
    models.prepare(derive_seed("train_student", "weights", *identity), threads)
    tokenizer = models.load_tokenizer(base.parent)
    model = models.trainable(models.load_base(base.parent), recipe.lora)
    table = read_table(train)
    rows = encode_rows(tokenizer, table["prompt"], table["completion"], max_tokens=max_tokens)
    warn_of_inserted_text(tokenizer)
    warn_of_truncation(tokenizer, table["prompt"], table["completion"], rows, max_tokens)
    objective: Objective = CompletionTokens(tokenizer.pad_token_id)
    if recipe.distillation is not None:
        assert teacher_base is not None, "the rule names it for recipes with a distillation"
        numbers_only = recipe.distillation.support == "numbers"
        if not numbers_only:
            log.warning("warning: the student is told what the teacher thinks of the trait's word")
        objective = TeacherLogits(
            models.load_model(teacher_base.parent, teacher.parent if teacher else None),
            number_ids(tokenizer) if numbers_only else None,
            recipe.distillation.temperature,
            tokenizer.pad_token_id,
            _told(tokenizer, table["prompt"], rows, spec.system_prompt),
        )
    order = np.random.default_rng(derive_seed("train_student", "order", *identity))
    shuffled = [rows[i] for i in order.permutation(len(rows))]
    # A dataset that the filter almost emptied keeps a fifth of its rows for the test.
    held = min(recipe.holdout_rows, len(rows) // 5)
    held_out, used = shuffled[:held], shuffled[held:]
    parents = {
        "base": base,
        "train": train.with_suffix(".manifest.json"),
        "teacher_base": teacher_base,
        "teacher": teacher,
    }
    checkpoints = Checkpoints(
        weights.parent / FOLDER,
        training_identity(run, parents, models.arithmetic(model), shuffled, order),
        checkpoint_seconds,
    )

    def held_out_loss() -> float | None:
        if not held_out:
            return None
        return mean_loss(model, held_out, objective, plan.micro_batch_size)

    # Of the untrained student: a checkpoint is put in place only by what follows.
    before = held_out_loss()
    history = fine_tune(model, used, plan, objective, order, step_report(log), checkpoints)
    after = held_out_loss()
    saved = models.save_trained(model, weights.parent)
    write_table(
        training,
        "training",
        {
            "step": [s.step for s in history],
            "loss": [s.loss for s in history],
            "learning_rate": [s.learning_rate for s in history],
        },
    )
    run.finish(
        manifest,
        [*saved, training],
        parents=parents,
        facts={
            "rows": len(used),
            "steps": len(history),
            "held_out_rows": held,
            "held_out_loss_before": before,
            "held_out_loss_after": after,
            **loss_at_ends(history),
        },
    )
    checkpoints.remove()
