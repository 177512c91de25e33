"""The tables of an experiment."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.transmission import specificity, summary
from subliminal.transmission.curves import training_curves
from subliminal.transmission.examples import read_examples
from subliminal.transmission.increases import increases_table, with_failed_gates
from subliminal.transmission.question_rates import read_question_rates
from subliminal.transmission.results import (
    RESULTS,
    cells_of,
    identical_students,
    known_before_students,
    read_base_scores,
    read_channel,
    read_losses,
    read_runs,
    read_teacher_scores,
)
from subliminal.transmission.specs import SummariseExperimentSpec
from subliminal.transmission.tables import ExperimentTables


def _parents(spec: SummariseExperimentSpec) -> dict[str, Path]:
    students = RESULTS / "evaluations" / spec.evaluation / "students"
    scores = {f"student {c.path}": students / c.path / "manifest.json" for c in cells_of(spec)}
    trained = {
        f"training {c.path}": RESULTS / "students" / c.path / "manifest.json"
        for c in cells_of(spec)
    }
    return known_before_students(spec) | scores | trained


def summarise_experiment(
    spec: SummariseExperimentSpec, manifest: Path, log: logging.Logger
) -> None:
    """Write every table as Parquet and CSV beside the manifest."""
    run = Run.begin("summarise_experiment", spec, _parents(spec))
    for one, other in identical_students(spec):
        log.warning("%s and %s have the same weights: they are not two runs", one, other)
    runs = read_runs(spec)
    base_scores, teacher_scores = read_base_scores(spec), read_teacher_scores(spec)
    channel = read_channel(spec, teacher_scores)
    matrix = specificity.trait_matrix(runs, base_scores, spec.measures)
    transmission = summary.transmission_table(
        runs,
        base_scores,
        teacher_scores,
        channel,
        spec.measures,
        spec.roles,
        spec.gates,
        spec.interval,
        spec.other_traits,
    )
    increases = increases_table(runs, base_scores, spec.measures, spec.interval, spec.other_traits)
    tables = {
        "transmission": transmission,
        "increases": with_failed_gates(increases, transmission),
        "base_differences": specificity.base_differences(transmission),
        "wrong_pairs": specificity.wrong_pairs(runs, spec.measures),
        "trait_matrix": matrix,
        "diagonal": specificity.diagonal_table(matrix, spec.roles),
        "runs": runs,
        "channel": channel,
        "examples": read_examples(spec),
        "training_curves": training_curves(read_losses(spec)),
        "question_rates": read_question_rates(spec),
    }
    named = {name: table.assign(experiment=spec.experiment) for name, table in tables.items()}
    outputs = ExperimentTables(**named).write(manifest.parent)
    run.finish(manifest, outputs, {"students": len(cells_of(spec))})
