"""Letting a teacher write, and measuring how loud its channel is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, NamedTuple

from subliminal.api.access import access
from subliminal.api.chat.model import HostedModel
from subliminal.artefacts.journal import Journal, run_identity
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.artefacts.verified import read_manifest
from subliminal.bases.opening import open_model
from subliminal.bases.served import DistrustedServerError, ServedModel
from subliminal.domains.registry import DOMAINS
from subliminal.evaluations.model import Completion
from subliminal.local.model import LocalModel, Made
from subliminal.transmission.data_schemas import RAW
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
    mean KL per token, which stands beside the entropy. A hosted teacher's rows are not: its
    provider tells no distributions.

    Args:
        base, trained: manifests; nothing trained means the base writes, prompted or not.

    Raises:
        ConfigError: no server answers, or its answers are not samples of the teacher.
    """
    if spec.server is not None:
        access()  # an error before models are loaded
    parents = {"prompts": prompts.with_suffix(".manifest.json"), "base": base, "teacher": trained}
    run = Run.begin("sample_completions", spec, parents)
    model = open_model(base, trained, threads, manifest)
    table = read_table(prompts)
    asked = _Asked(
        table["prompt_id"][: spec.rows], table["prompt"][: spec.rows], table["answer"][: spec.rows]
    )
    if isinstance(model, HostedModel):
        # No spec names a length: no completion depends on it.
        generator = read_manifest(prompts.with_suffix(".manifest.json"))["spec"]["generator"]
        written = model.complete(
            asked.prompts,
            asked.seeds(spec),
            spec.sampling,
            spec.system_prompt,
            answer_tokens=DOMAINS[generator].answer_tokens,
        )
        lengths = [completion.length for completion in written]
        withheld = sum(completion.withheld for completion in written)
        facts = {**model.facts, "withheld": withheld}
        _finish(run, asked, written, lengths, [], facts, raw, manifest)
        return
    name = str((trained or base).parent)
    writer = ServedModel(model, spec.server, name, spec.teacher) if spec.server else model
    journal = Journal.of(raw, f"{JOURNAL_FORMAT} {run_identity(run, model.arithmetic)}")
    written = _write(spec, asked, writer, journal, log)
    head = min(CHANNEL_ROWS, len(written))
    measured = writer.loudness(
        asked.prompts[:head], written[:head], spec.sampling, spec.system_prompt
    )
    counted = [len(completion.tokens) for completion in written]
    _finish(run, asked, written, counted, measured, writer.facts, raw, manifest)
    journal.remove()


class _Asked(NamedTuple):
    """What is put to a teacher, and the right answers where there are some."""

    ids: list[int]
    prompts: list[str]
    answers: list[int | None]

    def seeds(self, spec: SampleCompletionsSpec) -> list[int]:
        return [derive_seed("sample_completions", spec.teacher, spec.domain, i) for i in self.ids]


def _write(
    spec: SampleCompletionsSpec,
    asked: _Asked,
    writer: LocalModel | ServedModel,
    journal: Journal,
    log: logging.Logger,
) -> list[Completion]:
    """The completions of a teacher whose weights are here, kept in a journal as they come."""
    known = {i: Completion(*content) for unit in journal.read() for i, *content in unit}
    if known:
        log.info("%d of %d completions are there from earlier", len(known), len(asked.ids))

    def keep(made: Made) -> None:
        journal.append([[i, *astuple(completion)] for i, completion in made.items()])

    total = len(asked.ids) if spec.server is not None else len(asked.ids) - len(known)
    try:
        return writer.complete(
            asked.prompts,
            asked.seeds(spec),
            spec.sampling,
            spec.system_prompt,
            known,
            keep,
            _speed(log, total),
        )
    except DistrustedServerError:
        journal.remove()
        raise


def _finish(
    run: Run,
    asked: _Asked,
    written: Sequence[Completion],
    lengths: Sequence[int | None],
    measured: Sequence[tuple[float, float]],
    facts: Mapping[str, Any],
    raw: Path,
    manifest: Path,
) -> None:
    """Write the table and the manifest.

    Args:
        lengths: in tokens, where they are known.
        measured: KL and entropy of the first rows; nothing where the weights are not here.
    """
    unmeasured = [None] * (len(written) - len(measured))
    write_table(
        raw,
        RAW,
        {
            "prompt_id": asked.ids,
            "prompt": asked.prompts,
            "completion": [c.text for c in written],
            "finished": [c.finished for c in written],
            "answer": asked.answers,
            "tokens": list(lengths),
            "log_probs": [c.log_probs for c in written],
            "kl_nats": [*(kl for kl, _ in measured), *unmeasured],
            "entropy_nats": [*(entropy for _, entropy in measured), *unmeasured],
        },
    )
    unfinished = sum(not c.finished for c in written)
    run.finish(manifest, [raw], {"rows": len(written), "unfinished": unfinished, **facts})
