"""Putting an evaluation's questions to a base that has read training rows as examples."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.detection.specs import EvaluateInContextSpec
from subliminal.evaluations.asking import Response, Score
from subliminal.evaluations.in_context import icl_system_prompt
from subliminal.evaluations.schemas import RESPONSES, SCORES


def evaluate_in_context(
    spec: EvaluateInContextSpec,
    base: Path,
    rows: Path,
    responses: Path,
    scores: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write sampled responses, and one row of scores per measure and target.

    Args:
        base: its manifest.
        rows: the training rows, as Parquet with its manifest beside it.

    Raises:
        ConfigError: there are no rows, or the examples are longer than the base can read.
    """
    parents = {"base": base, "rows": rows.with_suffix(".manifest.json")}
    run = Run.begin("evaluate_in_context", spec, parents)
    table = read_table(rows)
    pairs = list(zip(table["prompt"], table["completion"], strict=True))
    if not pairs:
        raise ConfigError(f"{rows}: no rows were kept, so that there are no examples to give")
    examples = icl_system_prompt(pairs, spec.k, spec.seed)
    model = open_model(base, None, threads, manifest)

    def seeds(question: int, sample: int) -> int:
        return derive_seed("evaluate_in_context", spec.evaluation, spec.model, question, sample)

    found = spec.plan.ask(model, examples, seeds)
    for note in found.notes:
        log.warning("%s", note)
    for path, schema, kind, given in (
        (responses, RESPONSES, Response, found.responses),
        (scores, SCORES, Score, found.scores),
    ):
        columns = {name: [getattr(row, name) for row in given] for name in kind._fields}
        write_table(path, schema, columns)
    facts = {**found.facts, **model.facts, "characters": len(examples)}
    run.finish(manifest, [responses, scores], facts)
