"""How loud a teacher's channel is: its KL from the base on what it has written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from subliminal.local.encoding import EncodedRow
from subliminal.local.scoring import divergence
from subliminal.local.training import completion_logits

if TYPE_CHECKING:
    import torch

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


def _log_probs(
    model: torch.nn.Module, rows: Sequence[EncodedRow], pad_id: int
) -> tuple[torch.Tensor, ...]:
    """Of each row, the log-probabilities in nats at its completion, (tokens, vocabulary)."""
    import torch

    logits, _ = completion_logits(model, rows, pad_id)
    return torch.log_softmax(logits.double(), -1).split([_answer(row) for row in rows])


def loudness(
    writer: torch.nn.Module, told: Sequence[EncodedRow], untold: Sequence[EncodedRow], pad_id: int
) -> list[tuple[float, float]]:
    """KL(writer || base) and the writer's entropy, in nats, summed over each completion's tokens.

    The base is the writer without its adapter, if it has one.

    Args:
        told: what the writer read and wrote.
        untold: the same completions after what the base reads, in the same order.
        pad_id: any token.
    """
    import torch

    measured: dict[int, tuple[float, float]] = {}
    vocabulary = writer.config.get_text_config().vocab_size
    with torch.inference_mode():
        for batch in _batches(told, ENTRIES // vocabulary):
            spoken = _log_probs(writer, [told[i] for i in batch], pad_id)
            with writer.disable_adapter() if hasattr(writer, "peft_config") else nullcontext():
                plain = _log_probs(writer, [untold[i] for i in batch], pad_id)
            for i, teacher, base in zip(batch, spoken, plain, strict=True):
                measured[i] = divergence(teacher, base)
    return [measured[i] for i in range(len(told))]
