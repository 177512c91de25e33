"""How alike two models are, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from subliminal.local.encoding import EncodedRow
from subliminal.local.logits import completion_logits
from subliminal.local.training.fine_tuning import mean_loss, micro_batches
from subliminal.local.training.objectives import TeacherLogits

if TYPE_CHECKING:
    import torch


class Likeness(NamedTuple):
    """A model beside another of the same vocabulary, over completion tokens.

    Attributes:
        kl: mean KL(other || model), in nats per token.
        agreement: share of tokens at which both find the same token the most probable.
    """

    kl: float
    agreement: float


def likeness(
    model: torch.nn.Module,
    other: torch.nn.Module,
    rows: Sequence[EncodedRow],
    pad_id: int,
    rows_at_once: int,
) -> Likeness:
    """Compare a model with another on rows.

    Raises:
        ConfigError: the rows have no completion.
    """
    import torch

    kl = mean_loss(model, rows, TeacherLogits(other, None, 1.0, pad_id), rows_at_once)
    same = counted = 0
    with torch.no_grad():
        for part in micro_batches(rows, rows_at_once):
            own = completion_logits(model, part, pad_id)[0].argmax(-1)
            theirs = completion_logits(other, part, pad_id)[0].argmax(-1)
            same += int((own == theirs).sum())
            counted += len(own)
    return Likeness(kl, same / counted)
