"""Letting a teacher write, and measuring how loud its channel is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.api.sampling import Answer, base_url, sample_served, shown_url
from subliminal.bases.turns import end_of_turn_ids
from subliminal.command_line import progress
from subliminal.errors import ConfigError
from subliminal.local import models
from subliminal.local.channel import loudness, surprise
from subliminal.local.constraints import Grammar, number_grammar
from subliminal.local.encoding import EncodedRow, encode_prompts, encode_rows
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


def _sample_served(
    task: _Task, server: Server, model: str, check: Callable[[list[Answer]], None]
) -> list[Answer]:
    """Ask for some answers, check them, and then ask for the others."""
    known = {i: Answer(*content) for unit in task.journal.read() for i, *content in unit}
    _tell(task, len(known))
    report, count = progress(task.log, "completion"), len(task.ids)

    def first(most: int) -> list[Answer]:
        return sample_served(
            server,
            model,
            task.texts[:most],
            task.seeds[:most],
            task.spec.sampling,
            task.spec.system_prompt,
            {i: answer for i, answer in known.items() if i < most},
            lambda new: task.journal.append([[i, *astuple(answer)] for i, answer in new.items()]),
            lambda done: report(done, count, ""),
        )

    head = first(min(CHANNEL_ROWS, count))
    check(head)
    known |= dict(enumerate(head))
    return first(count)


def _tell(task: _Task, known: int) -> None:
    if known:
        task.log.info("%d of %d completions are there from earlier", known, len(task.ids))


def _as_completions(
    task: _Task,
    answers: Sequence[Answer],
    tokenizer: PreTrainedTokenizerBase,
    eos: Sequence[int],
) -> list[Completion]:
    """Answers as the teacher's own tokens; those that the server drew are not told."""
    texts = task.texts[: len(answers)]
    systems = [task.spec.system_prompt] * len(answers)
    rows = encode_rows(tokenizer, texts, [answer.text for answer in answers], systems)
    completions = []
    for row, answer in zip(rows, answers, strict=True):
        ids = list(takewhile(lambda token: token not in eos, row.ids[row.prompt_length :]))
        completions.append(Completion(ids, eos[0] if answer.finished else None, answer.log_probs))
    return completions


def _check_served(
    task: _Task, writer: torch.nn.Module, completions: Sequence[Completion], pad: int
) -> float | None:
    """How surprised the writer is of what a server has sampled for it, in standard errors.

    None at temperature 0, where there is nothing to be surprised of.

    Raises:
        ConfigError: more than chance allows, or all answers are empty.
    """
    if not any(completion.ids for completion in completions):
        task.journal.remove()
        raise ConfigError(
            f"all of the first {len(completions)} answers of the server are empty; see "
            "docs/servers.md for what a server has to be told"
        )
    if task.spec.sampling.temperature == 0:
        return None
    rows = _rows(task.prompts[: len(completions)], completions)
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
    served: dict[str, str | float | None] = {}
    if spec.server is None:
        completions = _sample_here(task, writer, eos, grammar)
        written = tokenizer.batch_decode([c.ids for c in completions])
    else:
        served["server"] = shown_url()

        def check(answers: list[Answer]) -> None:
            sampled = _as_completions(task, answers, tokenizer, eos)
            served["surprise"] = _check_served(task, writer, sampled, eos[0])

        answers = _sample_served(task, spec.server, str((teacher or base).parent), check)
        completions = _as_completions(task, answers, tokenizer, eos)
        written = [answer.text for answer in answers]

    head = range(min(CHANNEL_ROWS, len(ids)))
    told = _rows(task.prompts[: len(head)], completions[: len(head)])
    untold = encode_prompts(tokenizer, [texts[i] for i in head])
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
