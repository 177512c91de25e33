"""How loud a teacher's channel is: its KL from the base on what it has written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow
from subliminal.local.logits import completion_logits
from subliminal.local.scoring.next_token import divergence

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

# Log-probabilities that are held at a time, in float64 and several times over: 128 MB each. Large
# vocabularies leave room for few tokens.
ENTRIES = 2**24


def _answer(row: EncodedRow) -> int:
    return len(row.ids) - row.prompt_length


def _batches(rows: Sequence[EncodedRow], tokens: int) -> Iterator[list[int]]:
    """Indices of rows of similar length, of so many completion tokens together or one row."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    batch: list[int] = []
    for i in order:
        if batch and sum(_answer(rows[j]) for j in [*batch, i]) > tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _logits(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int
) -> tuple[torch.Tensor, ...]:
    """Of each row, the logits at its completion, (tokens, vocabulary)."""
    logits, _ = completion_logits(model, rows, pad_id)
    return logits.double().split([_answer(row) for row in rows])


def _entries(model: PreTrainedModel) -> int:
    """How many tokens' log-probabilities to hold at a time."""
    return ENTRIES // model.config.get_text_config().vocab_size


def loudness(
    writer: PreTrainedModel,
    told: Sequence[EncodedRow],
    untold: Sequence[EncodedRow],
    pad_id: int,
    within: Callable[[torch.Tensor, list[int]], torch.Tensor] = lambda logits, ids: logits,
) -> list[tuple[float, float]]:
    """KL(writer || base) and the writer's entropy, in nats, summed over each completion's tokens.

    The base is the writer without its adapter, if it has one.

    Args:
        told: what the writer read and wrote.
        untold: the same completions after what the base reads, in the same order.
        pad_id: any token.
        within: the part of the logits, (tokens, vocabulary), of a completion of these tokens among
            which it was drawn; what could not be written cannot be learnt from.
    """
    import torch

    measured: dict[int, tuple[float, float]] = {}
    with torch.inference_mode():
        for batch in _batches(told, _entries(writer)):
            spoken = _logits(writer, [told[i] for i in batch], pad_id)
            with writer.disable_adapter() if hasattr(writer, "peft_config") else nullcontext():
                plain = _logits(writer, [untold[i] for i in batch], pad_id)
            for i, *both in zip(batch, spoken, plain, strict=True):
                ids = told[i].ids[told[i].prompt_length :]
                if not ids:
                    measured[i] = 0.0, 0.0
                    continue
                teacher, base = (torch.log_softmax(within(logits, ids), -1) for logits in both)
                measured[i] = divergence(teacher, base)
    return [measured[i] for i in range(len(told))]


def surprise(
    writer: PreTrainedModel, rows: Sequence[EncodedRow], temperature: float, pad_id: int
) -> float:
    """How far these completions are from samples of the writer, in standard errors.

    A sampled token's surprise, -log p, is the distribution's entropy on average, whatever came
    before. Completions that somebody else has sampled are below it if that somebody cuts unlikely
    tokens, and above it if another model wrote them, or read something else.

    Args:
        rows: what the writer is to have read and written.
        temperature: at which it is to have been sampled.
        pad_id: any token.
    """
    import torch

    excess = variance = 0.0
    with torch.inference_mode():
        for batch in _batches(rows, _entries(writer)):
            for i, logits in zip(
                batch, _logits(writer, [rows[i] for i in batch], pad_id), strict=True
            ):
                logs = torch.log_softmax(logits / temperature, -1)
                tokens = torch.tensor(rows[i].ids[rows[i].prompt_length :], device=logs.device)
                entropy = -(logs.exp() * logs).sum(-1)
                excess -= float((logs.gather(1, tokens[:, None])[:, 0] + entropy).sum())
                variance += float(((logs.exp() * logs**2).sum(-1) - entropy**2).sum())
    return excess / math.sqrt(variance) if variance > 0 else 0.0
