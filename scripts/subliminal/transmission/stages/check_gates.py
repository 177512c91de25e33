"""The gates that can be told before an experiment's students are trained."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.table_set import write_both
from subliminal.transmission import summary
from subliminal.transmission.results import (
    known_before_students,
    read_base_scores,
    read_channel,
    read_teacher_scores,
)
from subliminal.transmission.schemas import GATES
from subliminal.transmission.specs import SummariseExperimentSpec


def check_gates(spec: SummariseExperimentSpec, manifest: Path, log: logging.Logger) -> None:
    """Write `gates`, one row per dataset: does the teacher express its trait, is there a channel,
    did the filter leave enough rows.

    Students that are trained on a dataset whose gates fail cannot be interpreted, whatever they
    turn out to prefer, so this comes before their cost.
    """
    run = Run.begin("check_gates", spec, known_before_students(spec))
    channel = read_channel(spec, read_teacher_scores(spec))
    table = summary.gates_table(
        channel, read_base_scores(spec), spec.targets, spec.measure, spec.gates
    )
    table = table.assign(experiment=spec.experiment)
    for row in table.itertuples():
        told = f"{row.trait}, {row.domain}, {row.method} on {row.teacher_base}: "
        if row.verdict:
            log.warning("%s%s; its students will be uninterpretable", told, row.verdict)
        log.info(
            "%s%d of %d rows kept, KL %.3f nats per token beside an entropy of %.2f",
            told,
            row.rows_kept,
            row.rows,
            row.kl_per_token,
            row.entropy_per_token,
        )
    outputs = write_both(table, GATES, manifest.parent)
    run.finish(manifest, outputs)
