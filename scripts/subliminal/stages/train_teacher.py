"""Giving a base a trait by fine-tuning (ED Fig. 4e)."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal import stimuli
from subliminal.command_line import CHECKPOINT_EVERY_S
from subliminal.local import models
from subliminal.local.checkpoints import Checkpoints, training_identity
from subliminal.local.encoding import encode_rows
from subliminal.local.notices import warn_of_inserted_text
from subliminal.local.objectives import CompletionTokens
from subliminal.local.reporting import step_report
from subliminal.local.training import fine_tune, loss_at_ends
from subliminal.manifest import Run
from subliminal.partial import FOLDER
from subliminal.seeds import derive_seed
from subliminal.specs import TrainTeacherSpec


def train_teacher(
    spec: TrainTeacherSpec,
    base: Path,
    adapter: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train an adapter on the 400 rows of stated preference and save it.

    Args:
        base: the base's manifest; the weights lie beside it.
        adapter: the adapter's weights file; its folder is what peft loads.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.
    """
    import numpy as np

    run = Run.begin("train_teacher", spec)
    models.prepare(derive_seed("train_teacher", "weights", spec.base, spec.seed), threads)
    tokenizer = models.load_tokenizer(base.parent)
    model = models.add_lora(models.load_base(base.parent), spec.method.lora)
    pairs = stimuli.preference_rows(spec.word, stimuli.questions(spec.questions))
    rows = encode_rows(tokenizer, [p for p, _ in pairs], [c for _, c in pairs])
    warn_of_inserted_text(tokenizer)
    order = np.random.default_rng(derive_seed("train_teacher", "order", spec.base, spec.seed))
    identity = training_identity(run, {"base": base}, models.arithmetic(model), rows, order)
    checkpoints = Checkpoints(adapter.parent / FOLDER, identity, checkpoint_seconds)
    plan, loss = spec.method.optimisation, CompletionTokens(tokenizer.pad_token_id)
    history = fine_tune(model, rows, plan, loss, order, step_report(log), checkpoints)
    run.finish(
        manifest,
        models.save_trained(model, adapter.parent),
        parents={"base": base},
        facts={"rows": len(rows), **loss_at_ends(history)},
    )
    checkpoints.remove()
