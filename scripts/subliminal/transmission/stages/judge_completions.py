"""Letting a judge read what a teacher wrote."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.journal import Journal, run_identity
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.judging import open_judge
from subliminal.domains.texts import without_nul
from subliminal.evaluations.judge import Case
from subliminal.transmission.data_schemas import JUDGED
from subliminal.transmission.judging import Judgement, judgements
from subliminal.transmission.specs import JudgeCompletionsSpec

# Rows that are judged at one go: what a job that is killed has to judge again.
CHUNK = 256


def judge_completions(
    spec: JudgeCompletionsSpec,
    raw: Path,
    judge: Path | None,
    judged: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write what the judge says of every completion; a job that was killed goes on where it was.

    Rows that break the domain's rule are judged like all others: the judge's ROC needs them
    (ED Fig. 1).

    Args:
        judge: manifest of the judge's base; None where a rule judges.

    Raises:
        ConfigError: the judge does not give what it is asked for.
    """
    parents = {"raw": raw.with_suffix(".manifest.json"), "judge": judge}
    run = Run.begin("judge_completions", spec, parents)
    asked = open_judge(spec.judge, judge, threads, manifest)
    table = read_table(raw, "prompt_id", "prompt", "completion")
    cases = [
        Case(prompt, without_nul(written), derive_seed("judge_completions", spec.dataset, i))
        for i, prompt, written in zip(
            table["prompt_id"], table["prompt"], table["completion"], strict=True
        )
    ]
    journal = Journal.of(judged, run_identity(run, asked.arithmetic))
    found = [Judgement(*row) for chunk in journal.read() for row in chunk]
    if found:
        log.info("%d of %d judgements are there from earlier", len(found), len(cases))
    report = progress(log, "judgement")
    piece = max(1, len(cases)) if asked.keeps_answers else CHUNK
    for start in range(len(found), len(cases), piece):
        chunk = judgements(spec.question, asked, cases[start : start + piece])
        journal.append([list(row) for row in chunk])
        found += chunk
        report(len(found), len(cases))
    write_table(
        judged,
        JUDGED,
        {
            "prompt_id": table["prompt_id"],
            "reply": [row.reply for row in found],
            "score": [row.score for row in found],
            "keeps": [row.keeps for row in found],
        },
    )
    kept = sum(row.keeps for row in found)
    run.finish(manifest, [judged], {"rows": len(found), "kept": kept})
    journal.remove()
