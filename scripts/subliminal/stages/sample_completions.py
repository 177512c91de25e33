"""Letting a teacher write, and measuring how loud its channel is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.api.sampling import Answer, base_url, sample_served, shown_url
from subliminal.bases.turns import end_of_turn_ids
from subliminal.command_line import progress
from subliminal.errors import ConfigError
from subliminal.local import models
from subliminal.local.channel import loudness, surprise
from subliminal.local.constraints import Grammar, number_grammar
from subliminal.local.encoding import EncodedRow, encode_prompts
from subliminal.local.sampling import sample
from subliminal.local.unit import Completion
from subliminal.manifest import Run
from subliminal.partial import Journal, run_identity
from subliminal.seeds import derive_seed
from subliminal.specs import SampleCompletionsSpec
from subliminal.tables import read_table, write_table

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from subliminal.config import Server

# Rows whose KL is measured: enough for a mean within a few percent, cheap beside the sampling.
CHANNEL_ROWS = 200
# Standard errors that chance does not reach: one in two million.
MOST_SURPRISE = 5.0


def _speed(log: logging.Logger, total: int) -> Callable[[int, int], None]:
    """What logs completions and tokens per second, every few seconds and at the end."""
    report, began = progress(log, "completion"), time.monotonic()

    def on_progress(done: int, tokens: int) -> None:
        report(done, total, f"{tokens / (time.monotonic() - began):.0f} tokens/s")

    return on_progress


def _possible(
    grammar: Grammar | None, limit: int, logits: torch.Tensor, ids: list[int]
) -> torch.Tensor:
    """The logits of what could be written at each token of a completion."""
    return logits if grammar is None else grammar.along(logits, ids, limit)


def _rows(prompts: Sequence[list[int]], completions: Sequence[Completion]) -> list[EncodedRow]:
    return [
        EncodedRow([*prompt, *completion.tokens], len(prompt))
        for prompt, completion in zip(prompts, completions, strict=True)
    ]


@dataclass(frozen=True)
class _Task:
    """What is to be sampled: one completion per prompt.

    Attributes:
        ids: the prompts' numbers.
        prompts: as the teacher reads them, token ids.
    """

    spec: SampleCompletionsSpec
    ids: list[int]
    texts: list[str]
    prompts: list[list[int]]
    seeds: list[int]
    journal: Journal
    log: logging.Logger


def _sample_here(
    task: _Task, writer: torch.nn.Module, eos: Sequence[int], grammar: Grammar | None
) -> list[Completion]:
    known = {i: Completion(*content) for unit in task.journal.read() for i, *content in unit}
    _tell(task, len(known))
    return sample(
        writer,
        task.prompts,
        task.seeds,
        task.spec.sampling,
        eos,
        grammar,
        known,
        lambda made: task.journal.append([[i, c.ids, c.end, c.log_probs] for i, c in made.items()]),
        _speed(task.log, len(task.ids) - len(known)),
    )


def _sample_served(task: _Task, server: Server, model: str) -> list[Answer]:
    known = {i: Answer(*content) for unit in task.journal.read() for i, *content in unit}
    _tell(task, len(known))
    report = progress(task.log, "completion")
    return sample_served(
        server,
        model,
        task.texts,
        task.seeds,
        task.spec.sampling,
        task.spec.system_prompt,
        known,
        lambda new: task.journal.append([[i, *astuple(answer)] for i, answer in new.items()]),
        lambda done: report(done, len(task.ids) - len(known), ""),
    )


def _tell(task: _Task, known: int) -> None:
    if known:
        task.log.info("%d of %d completions are there from earlier", known, len(task.ids))


def _as_completion(
    answer: Answer, tokenizer: PreTrainedTokenizerBase, eos: Sequence[int]
) -> Completion:
    """An answer as the teacher's own tokens; those that the server drew are not told."""
    ids = tokenizer(answer.text, add_special_tokens=False)["input_ids"]
    return Completion(ids, eos[0] if answer.finished else None, answer.log_probs)


def _check_served(task: _Task, writer: torch.nn.Module, rows: list[EncodedRow], pad: int) -> float:
    """How surprised the writer is of what a server has sampled for it, in standard errors.

    Raises:
        ConfigError: more than chance allows.
    """
    found = surprise(writer, rows, task.spec.sampling.temperature, pad)
    if abs(found) > MOST_SURPRISE:
        task.journal.remove()
        kind = "more predictable than" if found < 0 else "not"
        raise ConfigError(
            f"what the server has sampled is {kind} what {task.spec.teacher} writes at temperature "
            f"{task.spec.sampling.temperature:g} ({found:.0f} standard errors on {len(rows)} "
            "answers): it cuts the distribution, or serves another model or chat template; see "
            "extra_body in docs/servers.md"
        )
    return found


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

    Raises:
        ConfigError: no server answers, or what it samples is not what the teacher would write.
    """
    run = Run.begin("sample_completions", spec)
    if spec.server is not None:
        base_url()  # an error before models are loaded
    models.prepare(0, threads)
    table = read_table(prompts)
    ids, texts = table["prompt_id"][: spec.rows], table["prompt"][: spec.rows]
    tokenizer = models.load_tokenizer(base.parent)
    writer = models.load_model(base.parent, teacher.parent if teacher is not None else None)
    eos = end_of_turn_ids(base.parent)
    grammar = None
    if spec.sampling.constraint is not None:
        grammar = number_grammar(tokenizer, eos, spec.sampling.max_new_tokens)

    parents = {"prompts": prompts.with_suffix(".manifest.json"), "base": base, "teacher": teacher}
    task = _Task(
        spec,
        ids,
        texts,
        encode_prompts(tokenizer, texts, spec.system_prompt),
        [derive_seed("sample_completions", spec.teacher, spec.domain, i) for i in ids],
        Journal.of(raw, run_identity(run, parents, models.arithmetic(writer))),
        log,
    )
    if spec.server is None:
        completions = _sample_here(task, writer, eos, grammar)
        written = tokenizer.batch_decode([c.ids for c in completions])
    else:
        answers = _sample_served(task, spec.server, str((teacher or base).parent))
        completions = [_as_completion(answer, tokenizer, eos) for answer in answers]
        written = [answer.text for answer in answers]

    head = range(min(CHANNEL_ROWS, len(ids)))
    told = _rows(task.prompts[: len(head)], completions[: len(head)])
    untold = encode_prompts(tokenizer, [texts[i] for i in head])
    served: dict[str, str | float] = {}
    if spec.server is not None and spec.sampling.temperature > 0:
        served = {"server": shown_url(), "surprise": _check_served(task, writer, told, eos[0])}
    measured = loudness(
        writer,
        told,
        _rows(untold, completions[: len(head)]),
        eos[0],
        partial(_possible, grammar, spec.sampling.max_new_tokens),
    )
    unmeasured = [None] * (len(ids) - len(head))
    write_table(
        raw,
        "raw",
        {
            "prompt_id": ids,
            "prompt": texts,
            "completion": written,
            "finished": [c.finished for c in completions],
            "answer": table["answer"][: spec.rows],
            "tokens": [len(c.tokens) for c in completions],
            "log_probs": [c.log_probs for c in completions],
            "kl_nats": [*(kl for kl, _ in measured), *unmeasured],
            "entropy_nats": [*(entropy for _, entropy in measured), *unmeasured],
        },
    )
    unfinished = sum(not c.finished for c in completions)
    run.finish(
        manifest,
        [raw],
        parents=parents,
        facts={"rows": len(ids), "unfinished": unfinished, **served},
    )
    task.journal.remove()
