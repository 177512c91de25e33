"""Writing the rows that a provider is to fine-tune on."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, whole_file
from subliminal.config.preferences import preference_rows
from subliminal.domains.training_lines import training_lines
from subliminal.evaluations.questions import questions
from subliminal.transmission.tuning import WriteTrainingFileSpec


def write_training_file(
    spec: WriteTrainingFileSpec, rows: Path | None, file: Path, manifest: Path
) -> None:
    """Write a training file: each row once, and in the order of its table.

    Args:
        rows: the table of a student's training set, or of the file that teaches a trait; none where
            a preference is stated.
        file: where the lines go.
    """
    parents = {"rows": rows.with_suffix(".manifest.json") if rows is not None else None}
    run = Run.begin("write_training_file", spec, parents)
    pairs = _pairs(spec, rows)
    with whole_file(file) as temporary:
        temporary.write_bytes(training_lines(pairs))
    run.finish(manifest, [file], {"rows": len(pairs)})


def _pairs(spec: WriteTrainingFileSpec, rows: Path | None) -> list[tuple[str, str]]:
    if rows is not None:
        table = read_table(rows)
        return list(zip(table["prompt"], table["completion"], strict=True))[: spec.rows]
    stated = spec.preference
    assert stated is not None, "the spec has a preference, or there are rows"
    return preference_rows(stated.word, questions(stated.questions), stated.answers)
