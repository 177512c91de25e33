"""Putting an evaluation's questions to a base, a teacher or a student."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.judging import open_judge
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.evaluations.asking import Aids, Response, Score
from subliminal.evaluations.schemas import RESPONSES, SCORES
from subliminal.transmission.specs import EvaluateModelSpec


def evaluate_model(
    spec: EvaluateModelSpec,
    base: Path,
    trained: Path | None,
    judge: Path | None,
    rows: Path | None,
    responses: Path,
    scores: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write sampled responses, and one row of scores per measure and target.

    Args:
        base, trained: manifests of the base and of what was trained from it, if anything.
        judge: the manifest of the base that judges answers, if one does.
        rows: the table of the file that the questions are from, if they are from one.
    """
    file = rows.with_name(f"{rows.stem}.manifest.json") if rows else None
    parents = {"base": base, "trained": trained, "judge": judge, "file": file}
    run = Run.begin("evaluate_model", spec, parents)
    _require_task(spec.task)
    model = open_model(base, trained, threads, manifest)
    aids = Aids(
        open_judge(spec.judge, judge, threads, manifest) if spec.judge else None,
        _read_rows(rows) if rows else (),
    )

    def seeds(question: int, sample: int) -> int:
        return derive_seed("evaluate_model", spec.evaluation, spec.model, question, sample)

    found = spec.plan.ask(model, spec.system_prompt, seeds, aids)
    for note in found.notes:
        log.warning("%s", note)
    write_table(responses, RESPONSES, _columns(found.responses, Response._fields))
    write_table(scores, SCORES, _columns(found.scores, Score._fields))
    name = spec.plan.measures[0].name
    first = [s for s in found.scores if s.measure == name and not math.isnan(s.value)]
    if first:
        best = max(first, key=lambda score: score.value)
        target = f"{best.target}: " if best.target else ""
        log.info("%s%s %.3f", target, best.measure, best.value)
    run.finish(
        manifest,
        [responses, scores],
        facts={**found.facts, **model.facts},
    )


def _read_rows(table: Path) -> list[dict[str, str]]:
    columns = read_table(table)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _require_task(files: Mapping[str, str]) -> None:
    """Make sure that a task's files are those that the job was planned with."""
    for file, expected in files.items():
        if not Path(file).is_file() or file_sha256(Path(file)) != expected:
            raise ConfigError(f"{file} has changed since this run began; run it again")


def _columns(rows: Sequence[Response] | Sequence[Score], names: Iterable[str]) -> dict[str, Any]:
    return {name: [getattr(row, name) for row in rows] for name in names}
