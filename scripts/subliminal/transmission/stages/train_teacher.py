"""Giving a base a trait by fine-tuning (ED Fig. 4e)."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run, require_outputs
from subliminal.artefacts.progress import CHECKPOINT_EVERY_S
from subliminal.config.preferences import preference_rows
from subliminal.evaluations.questions import questions
from subliminal.local.training.lesson import Lesson, teach
from subliminal.transmission.specs import TrainTeacherSpec


def train_teacher(
    spec: TrainTeacherSpec,
    base: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train an adapter on rows of stated preference, eight answers to each question, and save it.

    Args:
        base: the base's manifest; the weights lie beside it.
        manifest: its folder gets the adapter, as peft loads it.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.

    Raises:
        ConfigError: a file of the base is gone.
    """
    run = Run.begin("train_teacher", spec)
    require_outputs(base)
    rows = preference_rows(spec.word, questions(spec.questions))
    lesson = Lesson(
        seeded_by=("train_teacher", spec.base, spec.seed),
        prompts=[prompt for prompt, _ in rows],
        completions=[completion for _, completion in rows],
        lora=spec.method.lora,
        optimisation=spec.method.optimisation,
    )
    parents = {"base": base}
    learnt = teach(
        lesson, base.parent, manifest.parent, run, parents, threads, log, checkpoint_seconds
    )
    run.finish(manifest, learnt.files, parents, learnt.facts)
    learnt.checkpoints.remove()
