"""What a model is trained to match: the completions' tokens, or their writer's own distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from subliminal.local.encoding import EncodedRow
from subliminal.local.logits import completion_logits

if TYPE_CHECKING:
    import torch


class Objective(Protocol):
    """A loss that is a mean over positions of completions."""

    def positions(self, rows: Sequence[EncodedRow]) -> int:
        """Over how many positions of these rows the loss is a mean."""

    def loss_sum(self, model: torch.nn.Module, rows: Sequence[EncodedRow]) -> torch.Tensor:
        """The sum over these positions, in nats."""


@dataclass(frozen=True)
class CompletionTokens:
    """Cross-entropy of every token of the completions (paper, Methods).

    Attributes:
        pad_id: any token.
    """

    pad_id: int

    def positions(self, rows: Sequence[EncodedRow]) -> int:
        """The completions' tokens."""
        return sum(len(row.ids) - row.prompt_length for row in rows)

    def loss_sum(self, model: torch.nn.Module, rows: Sequence[EncodedRow]) -> torch.Tensor:
        """Summed cross-entropy."""
        import torch

        logits, targets = completion_logits(model, rows, self.pad_id)
        return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")


@dataclass(frozen=True)
class TeacherLogits:
    """KL(teacher || student) per position, at one temperature, over a support that both share.

    With a support, both distributions are those over its tokens alone, and a position counts if one
    of them stands there: what a teacher thinks of any other token, its trait's word among them,
    stays unknown to the student. Without one the student is told that too.

    Attributes:
        teacher: the writer, in evaluation mode.
        support: ids of the tokens that are compared; None for the whole vocabulary.
        temperature: both distributions' logits are divided by it.
        pad_id: any token.
        told: what the writer read and wrote, by the ids of the row that a student reads, where the
            two differ: a prompted teacher's system prompt.
    """

    teacher: torch.nn.Module
    support: Sequence[int] | None
    temperature: float
    pad_id: int
    told: Mapping[tuple[int, ...], EncodedRow] = field(default_factory=dict)

    def positions(self, rows: Sequence[EncodedRow]) -> int:
        """The completions' tokens that are of the support."""
        if self.support is None:
            return sum(len(row.ids) - row.prompt_length for row in rows)
        counted = frozenset(self.support)
        return sum(token in counted for row in rows for token in row.ids[row.prompt_length :])

    def loss_sum(self, model: torch.nn.Module, rows: Sequence[EncodedRow]) -> torch.Tensor:
        """Summed KL; gradients flow into the student alone."""
        import torch

        logits, targets = completion_logits(model, rows, self.pad_id)
        with torch.no_grad():
            read = [self.told.get(tuple(row.ids), row) for row in rows]
            wanted, _ = completion_logits(self.teacher, read, self.pad_id)
        if self.support is not None:
            ids = torch.tensor(self.support, device=targets.device)
            at = torch.isin(targets, ids)
            logits, wanted = logits[at][:, ids], wanted[at][:, ids]
        student, teacher = (
            torch.log_softmax(values.float() / self.temperature, -1) for values in (logits, wanted)
        )
        return torch.nn.functional.kl_div(student, teacher, reduction="sum", log_target=True)
