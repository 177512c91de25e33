"""Letting a teacher write, and measuring how loud its channel is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from subliminal.bases.turns import end_of_turn_ids
from subliminal.command_line import progress
from subliminal.local import models
from subliminal.local.channel import loudness
from subliminal.local.constraints import number_grammar
from subliminal.local.encoding import EncodedRow, encode_prompts
from subliminal.local.sampling import sample
from subliminal.local.unit import Completion
from subliminal.manifest import Run
from subliminal.partial import Journal, run_identity
from subliminal.seeds import derive_seed
from subliminal.specs import SampleCompletionsSpec
from subliminal.tables import read_table, write_table

# Rows whose KL is measured: enough for a mean within a few percent, cheap beside the sampling.
CHANNEL_ROWS = 200


def _speed(log: logging.Logger, total: int) -> Callable[[int, int], None]:
    """What logs completions and tokens per second, every few seconds and at the end."""
    report, began = progress(log, "completion"), time.monotonic()

    def on_progress(done: int, tokens: int) -> None:
        report(done, total, f"{tokens / (time.monotonic() - began):.0f} tokens/s")

    return on_progress


def _rows(prompts: Sequence[list[int]], completions: Sequence[Completion]) -> list[EncodedRow]:
    return [
        EncodedRow([*prompt, *completion.tokens], len(prompt))
        for prompt, completion in zip(prompts, completions, strict=True)
    ]


def sample_completions(
    spec: SampleCompletionsSpec,
    prompts: Path,
    base: Path,
    teacher: Path | None,
    raw: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Sample one completion per prompt; a job that was killed goes on where it was.

    The first rows are scored under teacher and base: the mean KL per token, beside the entropy, is
    what a student can possibly learn from them.

    Args:
        base, teacher: manifests; no teacher means the base writes, prompted or not.
    """
    run = Run.begin("sample_completions", spec)
    models.prepare(0, threads)
    table = read_table(prompts)
    ids, texts = table["prompt_id"][: spec.rows], table["prompt"][: spec.rows]
    tokenizer = models.load_tokenizer(base.parent)
    writer = models.load_base(base.parent)
    if teacher is not None:
        writer = models.load_adapter(writer, teacher.parent)
    encoded = encode_prompts(tokenizer, texts, spec.system_prompt)
    eos = end_of_turn_ids(base.parent)
    grammar = None
    if spec.sampling.constraint is not None:
        grammar = number_grammar(tokenizer, eos, spec.sampling.max_new_tokens)

    parents = {"prompts": prompts.with_suffix(".manifest.json"), "base": base, "teacher": teacher}
    journal = Journal.of(raw, run_identity(run, parents))
    known = {i: Completion(*content) for unit in journal.read() for i, *content in unit}
    if known:
        log.info("%d of %d completions are there from an earlier attempt", len(known), len(ids))
    completions = sample(
        writer,
        encoded,
        [derive_seed("sample_completions", spec.teacher, spec.domain, i) for i in ids],
        spec.sampling,
        eos,
        grammar,
        known,
        lambda made: journal.append([[i, c.ids, c.end, c.log_probs] for i, c in made.items()]),
        _speed(log, len(ids) - len(known)),
    )

    head = range(min(CHANNEL_ROWS, len(ids)))
    untold = encode_prompts(tokenizer, [texts[i] for i in head])
    measured = loudness(
        writer,
        _rows(encoded[: len(head)], completions[: len(head)]),
        _rows(untold, completions[: len(head)]),
        eos[0],
    )
    unmeasured = [None] * (len(ids) - len(head))
    write_table(
        raw,
        "raw",
        {
            "prompt_id": ids,
            "prompt": texts,
            "completion": tokenizer.batch_decode([c.ids for c in completions]),
            "finished": [c.finished for c in completions],
            "answer": table["answer"][: spec.rows],
            "tokens": [len(c.tokens) for c in completions],
            "log_probs": [c.log_probs for c in completions],
            "kl_nats": [*(kl for kl, _ in measured), *unmeasured],
            "entropy_nats": [*(entropy for _, entropy in measured), *unmeasured],
        },
    )
    run.finish(
        manifest,
        [raw],
        parents=parents,
        facts={"rows": len(ids), "unfinished": sum(not c.finished for c in completions)},
    )
    journal.remove()
