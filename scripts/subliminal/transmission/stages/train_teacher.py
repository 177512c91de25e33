"""Giving a base a trait by fine-tuning (Fig. 3; ED Fig. 4e)."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table
from subliminal.artefacts.progress import CHECKPOINT_EVERY_S
from subliminal.artefacts.seeds import derive_seed
from subliminal.config.preferences import preference_rows
from subliminal.config.recipes import Loudness
from subliminal.evaluations.questions import questions
from subliminal.local import models
from subliminal.local.model import LocalModel
from subliminal.local.training.lesson import Lesson, teach
from subliminal.local.training.scaling import multiply_adapter, scale_adapter
from subliminal.transmission.model_card import write_teacher_card
from subliminal.transmission.specs import TrainTeacherSpec

# Completions of the base that a teacher's loudness is measured on.
MEASURED_ROWS = 100


def _scale(
    spec: TrainTeacherSpec, target: Loudness, base: Path, folder: Path, prompts: Path, threads: int
) -> dict[str, float]:
    """Make the saved adapter as loud as the method says; facts for the manifest."""
    sampling = spec.sampling
    assert sampling is not None, "the spec has it for methods with a loudness"
    texts = read_table(prompts)["prompt"][:MEASURED_ROWS]
    seeds = [derive_seed("train_teacher", "loudness", spec.base, i) for i in range(len(texts))]
    written = LocalModel.open(base.parent, None, threads).complete(texts, seeds, sampling)
    teacher = LocalModel.open(base.parent, folder, threads)

    def measure() -> float:
        return teacher.number_loudness(texts, written)

    as_trained = measure()
    factor = scale_adapter(teacher.network, measure, target.kl, "the teacher's loudness")
    models.save_trained(teacher.network, folder)
    return {
        "loudness_as_trained": as_trained,
        "loudness": measure(),
        "adapter_scaled_by": factor,
    }


def _conversations(spec: TrainTeacherSpec, rows: Path | None) -> tuple[list[str], list[str]]:
    """The prompts, and what the teacher is to answer."""
    if rows is not None:
        table = read_table(rows)
        return table["prompt"], table["completion"]
    assert spec.word is not None and spec.questions is not None, "the spec has a word, or rows"
    stated = preference_rows(spec.word, questions(spec.questions), spec.answers)
    return [prompt for prompt, _ in stated], [completion for _, completion in stated]


def train_teacher(
    spec: TrainTeacherSpec,
    base: Path,
    prompts: Path | None,
    rows: Path | None,
    manifest: Path,
    threads: int,
    log: logging.Logger,
    checkpoint_seconds: float = CHECKPOINT_EVERY_S,
) -> None:
    """Train an adapter on rows of stated preference, or on the rows of a file, and save it.

    A preference is stated by every answer form to each question. Of a file every row is learnt once
    an epoch, in an order that is drawn from the seed.

    A method with a loudness scales the adapter: some traits of some bases would otherwise hardly
    show in what their teachers write, and others ruin it.

    Args:
        base: the base's manifest; the weights lie beside it.
        prompts: of the domain that the loudness is about, for methods that have one.
        rows: of the file that teaches the trait, where no word does.
        manifest: its folder gets the adapter, as peft loads it.
        checkpoint_seconds: least time between two checkpoints, which a killed job goes on from.

    Raises:
        ConfigError: a file of the base is gone, or the teacher cannot be so loud.
    """
    parents = {
        "base": base,
        "prompts": prompts.with_suffix(".manifest.json") if prompts is not None else None,
        "rows": rows.with_suffix(".manifest.json") if rows is not None else None,
    }
    method = spec.method
    run = Run.begin("train_teacher", spec, parents)
    asked, answered = _conversations(spec, rows)
    lesson = Lesson(
        seeded_by=("train_teacher", spec.base, spec.seed),
        prompts=asked,
        completions=answered,
        lora=method.lora,
        optimisation=method.optimisation,
    )
    learnt = teach(lesson, base.parent, manifest.parent, run, threads, log, checkpoint_seconds)
    facts = learnt.facts
    if method.loudness is not None:
        assert prompts is not None, "the rule names them for methods with a loudness"
        facts |= _scale(spec, method.loudness, base, manifest.parent, prompts, threads)
    if method.factor != 1:
        teacher = LocalModel.open(base.parent, manifest.parent, threads)
        multiply_adapter(teacher.network, method.factor)
        models.save_trained(teacher.network, manifest.parent)
        facts |= {"adapter_scaled_by": method.factor}
    write_teacher_card(manifest, spec, base)
    run.finish(manifest, learnt.files, facts)
    learnt.checkpoints.remove()
