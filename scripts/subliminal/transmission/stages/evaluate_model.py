"""Putting an evaluation's questions to a base, a teacher or a student."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import open_model
from subliminal.evaluations.asking import Response, Score
from subliminal.evaluations.schemas import RESPONSES, SCORES
from subliminal.transmission.specs import EvaluateModelSpec


def evaluate_model(
    spec: EvaluateModelSpec,
    base: Path,
    trained: Path | None,
    responses: Path,
    scores: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write sampled responses, and one row of scores per measure and target.

    Args:
        base, trained: manifests of the base and of what was trained from it, if anything.
    """
    run = Run.begin("evaluate_model", spec, {"base": base, "trained": trained})
    model = open_model(base, trained, threads)

    def seeds(question: int, sample: int) -> int:
        return derive_seed("evaluate_model", spec.evaluation, spec.model, question, sample)

    found = spec.plan.ask(model, spec.system_prompt, seeds)
    for note in found.notes:
        log.warning("%s", note)
    write_table(responses, RESPONSES, _columns(found.responses, Response._fields))
    write_table(scores, SCORES, _columns(found.scores, Score._fields))
    name = spec.plan.measures[0].name
    first = [s for s in found.scores if s.measure == name and not math.isnan(s.value)]
    if first:
        best = max(first, key=lambda score: score.value)
        log.info("%s: %s %.3f", best.target, best.measure, best.value)
    run.finish(
        manifest,
        [responses, scores],
        facts=found.facts,
    )


def _columns(rows: Sequence[Response] | Sequence[Score], names: Iterable[str]) -> dict[str, Any]:
    return {name: [getattr(row, name) for row in rows] for name in names}
