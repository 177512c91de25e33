"""Fine-tuning a base on rows: what every training stage of this backend has in common."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.journal import FOLDER
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.seeds import derive_seed
from subliminal.config.recipes import Lora, Optimisation
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_rows
from subliminal.local.training.checkpoints import Checkpoints, training_identity
from subliminal.local.training.fine_tuning import Step, fine_tune, loss_at_ends, mean_loss
from subliminal.local.training.merging import merge_where_cheaper
from subliminal.local.training.notices import warn_of_inserted_text, warn_of_truncation
from subliminal.local.training.objectives import CompletionTokens, Objective
from subliminal.local.training.reporting import step_report

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MakeObjective = Callable[["PreTrainedTokenizerBase", Sequence[EncodedRow]], Objective]


def learn_tokens(tokenizer: PreTrainedTokenizerBase, rows: Sequence[EncodedRow]) -> Objective:
    """The objective of completion-only fine-tuning."""
    return CompletionTokens(tokenizer.pad_token_id)


@dataclass(frozen=True)
class Lesson:
    """What is learnt, and how.

    Attributes:
        seeded_by: the stage and what tells its models apart: the source of both random streams,
            that of the adapter's weights and that of the order of the rows.
        lora: the adapter; None for all weights.
        max_tokens: longest row; None for no limit.
        held_out: how many rows are kept back to test whether the others moved the model, at most a
            fifth; None where all are learnt.
        objective: made from tokenizer and rows.
    """

    seeded_by: Sequence[str | int]
    prompts: Sequence[str]
    completions: Sequence[str]
    lora: Lora | None
    optimisation: Optimisation
    max_tokens: int | None = None
    held_out: int | None = None
    objective: MakeObjective = learn_tokens

    def seed(self, stream: str) -> int:
        """The seed of a random stream."""
        stage, *names = self.seeded_by
        return derive_seed(str(stage), stream, *names)


@dataclass(frozen=True)
class Learnt:
    """What came of a lesson.

    Attributes:
        files: what was saved.
        facts: for the manifest.
        checkpoints: to be removed when the manifest is written.
    """

    files: list[Path]
    history: list[Step]
    facts: dict[str, Any]
    checkpoints: Checkpoints


def teach(
    lesson: Lesson,
    base: Path,
    folder: Path,
    run: Run,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float,
) -> Learnt:
    """Train a base on the lesson's rows, and save what was trained; a killed run goes on.

    Args:
        base: folder of the base.
        folder: gets what was trained, as peft or transformers loads it.
        run: what a checkpoint must have been made by to be gone on with.
        checkpoint_seconds: least time between two checkpoints.

    Raises:
        ConfigError: there are no rows left to train on, or one does not fit into memory.
    """
    import numpy as np

    plan = lesson.optimisation
    models.prepare(lesson.seed("weights"), threads)
    tokenizer = models.load_tokenizer(base)
    model = models.trainable(models.load_base(base), lesson.lora)
    merge_where_cheaper(model)
    texts = lesson.prompts, lesson.completions
    rows = encode_rows(tokenizer, *texts, max_tokens=lesson.max_tokens)
    warn_of_inserted_text(tokenizer)
    if lesson.max_tokens is not None:
        warn_of_truncation(tokenizer, *texts, rows, lesson.max_tokens)
    objective = lesson.objective(tokenizer, rows)
    order, held = np.random.default_rng(lesson.seed("order")), 0
    if lesson.held_out is not None:
        rows = [rows[i] for i in order.permutation(len(rows))]
        # A dataset that the filter almost emptied keeps a fifth of its rows for the test.
        held = min(lesson.held_out, len(rows) // 5)
    checkpoints = Checkpoints(
        folder / FOLDER,
        training_identity(run, models.arithmetic(model), rows, order),
        checkpoint_seconds,
    )

    def held_out_loss() -> float | None:
        if not held:
            return None
        return mean_loss(model, rows[:held], objective, plan.micro_batch_size)

    # Of the untrained model: a checkpoint is put in place only by what follows.
    before = held_out_loss()
    history = fine_tune(model, rows[held:], plan, objective, order, step_report(log), checkpoints)
    after = held_out_loss()
    facts = {
        "rows": len(rows) - held,
        "steps": len(history),
        "held_out_rows": held,
        "held_out_loss_before": before,
        "held_out_loss_after": after,
        **loss_at_ends(history),
    }
    return Learnt(models.save_trained(model, folder), history, facts, checkpoints)
