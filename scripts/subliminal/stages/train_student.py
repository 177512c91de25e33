"""Fine-tuning one student on one dataset."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.local import models
from subliminal.local.checkpoints import Checkpoints, training_identity
from subliminal.local.encoding import encode_rows
from subliminal.local.notices import warn_of_inserted_text, warn_of_truncation
from subliminal.local.options import CHECKPOINT_EVERY_S
from subliminal.local.reporting import step_report
from subliminal.local.training import fine_tune, loss_at_ends, mean_loss
from subliminal.manifest import Run
from subliminal.partial import FOLDER
from subliminal.seeds import derive_seed
from subliminal.specs import TrainStudentSpec
from subliminal.tables import read_table, write_table


def train_student(
    spec: TrainStudentSpec,
    train: Path,
    base: Path,
    adapter: Path,
    training: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train an adapter on the completions and save it.

    Adapter weights and row order are drawn from the student's seed and not from the dataset, so
    that students of the same seed on different datasets are matched pairs. Some rows are held out:
    their loss before and after says whether the data moved the student at all.

    Args:
        train, base: the training rows, and the base's manifest.
        adapter: the adapter's weights file; its folder is what peft loads.
        training: where the loss curve goes.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.

    Raises:
        ValueError: there are no rows left to train on.
    """
    import numpy as np

    run = Run.begin("train_student", spec)
    plan, identity = spec.recipe.optimisation, (spec.student, spec.recipe_name, spec.seed)
    models.prepare(derive_seed("train_student", "weights", *identity), threads)
    tokenizer = models.load_tokenizer(base.parent)
    model = models.add_lora(models.load_base(base.parent), spec.recipe.lora)
    table, max_tokens = read_table(train), spec.recipe.max_tokens
    rows = encode_rows(tokenizer, table["prompt"], table["completion"], max_tokens=max_tokens)
    warn_of_inserted_text(tokenizer)
    warn_of_truncation(tokenizer, table["prompt"], table["completion"], rows, max_tokens)
    order = np.random.default_rng(derive_seed("train_student", "order", *identity))
    shuffled = [rows[i] for i in order.permutation(len(rows))]
    # A dataset that the filter almost emptied keeps a fifth of its rows for the test.
    held = min(spec.recipe.holdout_rows, len(rows) // 5)
    held_out, used = shuffled[:held], shuffled[held:]
    parents = {"base": base, "train": train.with_suffix(".manifest.json")}
    checkpoints = Checkpoints(
        adapter.parent / FOLDER,
        training_identity(run, parents, shuffled, order),
        checkpoint_seconds,
    )

    def held_out_loss() -> float | None:
        if not held_out:
            return None
        return mean_loss(model, held_out, tokenizer.pad_token_id, plan.micro_batch_size)

    # Of the untrained adapter: a checkpoint is put in place only by what follows.
    before = held_out_loss()
    history = fine_tune(
        model, used, plan, tokenizer.pad_token_id, order, step_report(log), checkpoints
    )
    after = held_out_loss()
    models.save_adapter(model, adapter.parent)
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
        [adapter, adapter.parent / "adapter_config.json", training],
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
