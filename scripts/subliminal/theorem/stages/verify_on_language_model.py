"""The theorem's question, put to the tiny language model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_frame
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.theorem.schemas import LANGUAGE_MODEL, LANGUAGE_MODEL_SUMMARY
from subliminal.theorem.specs import VerifyLanguageModelSpec


def _rows_beside(manifest: Path) -> Path:
    return manifest.with_name(manifest.name.replace(".manifest.json", ".parquet"))


def verify_on_language_model(
    spec: VerifyLanguageModelSpec,
    bases: Sequence[Path],
    teachers: Sequence[Path],
    datasets: Sequence[Path],
    table: Path,
    summary: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Compare first distillation updates with the teachers' displacements, and write the cosines.

    Args:
        bases: manifests of the teachers' base and of the control's.
        teachers: manifests beside the adapters, in the order of the spec's traits.
        datasets: manifests of the training rows, in that order, the control's last.
        table: one row per kind of labels, base, pair of traits and batch.
        summary: the same without batches, and a mean over them.

    Raises:
        ConfigError: a file of a model or of a dataset is gone.
        ValueError: the bases' parameters do not compare, or too few prompts were kept.
    """
    from subliminal.local import models
    from subliminal.theorem.language_model import measure
    from subliminal.theorem.summary import diagonal_tests, summarise_language_model

    part = spec.language_model
    base, other_base = bases
    written = [*part.traits, part.control]
    parents = {
        "base": base,
        "other base": other_base,
        **{f"teacher {trait}": path for trait, path in zip(part.traits, teachers, strict=True)},
        **{f"train {trait}": path for trait, path in zip(written, datasets, strict=True)},
    }
    run = Run.begin("verify_on_language_model", spec, parents)
    models.prepare(derive_seed("verify_on_language_model", part.seed), threads)
    rows = measure(
        part,
        base.parent,
        other_base.parent,
        {trait: path.parent for trait, path in zip(part.traits, teachers, strict=True)},
        {trait: _rows_beside(path) for trait, path in zip(written, datasets, strict=True)},
        progress(log, "batch"),
    )
    summarised = summarise_language_model(rows)
    write_frame(table, LANGUAGE_MODEL, rows)
    write_frame(summary, LANGUAGE_MODEL_SUMMARY, summarised)
    facts = {"rows": len(rows), "diagonal": diagonal_tests(summarised)}
    run.finish(manifest, [table, summary], facts)
