"""Letting a teacher write, and measuring how loud its channel is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

from subliminal.api.access import access
from subliminal.artefacts.journal import Journal, run_identity
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import open_model
from subliminal.bases.served import DistrustedServerError, ServedModel
from subliminal.evaluations.model import Completion
from subliminal.local.model import LocalModel, Made
from subliminal.transmission.schemas import RAW
from subliminal.transmission.specs import SampleCompletionsSpec

# Rows whose KL is measured: enough for a mean within a few percent, cheap beside the sampling.
CHANNEL_ROWS = 200
# To be raised when a journal's lines hold something else: earlier journals are discarded.
JOURNAL_FORMAT = 2


def _speed(log: logging.Logger, total: int) -> Callable[[int, int], None]:
    """A function that logs completions and tokens per second, every few seconds and at the end."""
    report, began = progress(log, "completion"), time.monotonic()

    def on_progress(done: int, tokens: int) -> None:
        speed = f"{tokens / (time.monotonic() - began):.0f} tokens/s" if tokens else ""
        report(done, total, speed)

    return on_progress


def sample_completions(
    spec: SampleCompletionsSpec,
    prompts: Path,
    base: Path,
    trained: Path | None,
    raw: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Sample one completion per prompt; a job that was killed goes on where it was.

    The first rows are scored under teacher and base: a student can learn no more from them than the
    mean KL per token, which stands beside the entropy.

    Args:
        base, trained: manifests; nothing trained means the base writes, prompted or not.

    Raises:
        ConfigError: no server answers, or its answers are not samples of the teacher.
    """
    if spec.server is not None:
        access()  # an error before models are loaded
    parents = {"prompts": prompts.with_suffix(".manifest.json"), "base": base, "teacher": trained}
    run = Run.begin("sample_completions", spec, parents)
    local = open_model(base, trained, threads)
    model: LocalModel | ServedModel = local
    if spec.server is not None:
        model = ServedModel(local, spec.server, str((trained or base).parent), spec.teacher)
    table = read_table(prompts)
    ids, texts = table["prompt_id"][: spec.rows], table["prompt"][: spec.rows]
    identity = run_identity(run, model.arithmetic)
    journal = Journal.of(raw, f"{JOURNAL_FORMAT} {identity}")
    known = {i: Completion(*content) for unit in journal.read() for i, *content in unit}
    if known:
        log.info("%d of %d completions are there from earlier", len(known), len(ids))

    def keep(made: Made) -> None:
        journal.append([[i, *astuple(completion)] for i, completion in made.items()])

    total = len(ids) if spec.server is not None else len(ids) - len(known)
    try:
        written = model.complete(
            texts,
            [derive_seed("sample_completions", spec.teacher, spec.domain, i) for i in ids],
            spec.sampling,
            spec.system_prompt,
            known,
            keep,
            _speed(log, total),
        )
    except DistrustedServerError:
        journal.remove()
        raise
    head = min(CHANNEL_ROWS, len(ids))
    measured = model.loudness(texts[:head], written[:head], spec.sampling, spec.system_prompt)
    unmeasured = [None] * (len(ids) - head)
    write_table(
        raw,
        RAW,
        {
            "prompt_id": ids,
            "prompt": texts,
            "completion": [c.text for c in written],
            "finished": [c.finished for c in written],
            "answer": table["answer"][: spec.rows],
            "tokens": [len(c.tokens) for c in written],
            "log_probs": [c.log_probs for c in written],
            "kl_nats": [*(kl for kl, _ in measured), *unmeasured],
            "entropy_nats": [*(entropy for _, entropy in measured), *unmeasured],
        },
    )
    unfinished = sum(not c.finished for c in written)
    facts = {"rows": len(ids), "unfinished": unfinished, **model.facts}
    run.finish(manifest, [raw], facts)
    journal.remove()
