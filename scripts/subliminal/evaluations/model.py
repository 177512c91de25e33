"""Who is asked: the interface that every backend has, whoever serves the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

    from subliminal.config.sampling import Drawing


@dataclass(frozen=True)
class Completion:
    """What a model wrote after a prompt.

    Attributes:
        text: without the end of the turn.
        finished: whether the turn was ended; if not, the limit came first, or it was withheld.
        tokens: ids of everything that was drawn, the end included; empty where the server does not
            tell them.
        log_probs: of these tokens, in nats under the distribution that they were drawn from; None
            unless asked for.
        length: tokens of the answer as a provider counts them; None where the tokens are here, or
            nobody counts.
        withheld: the model refuses to answer, or its provider's filter has cut the text.
    """

    text: str
    finished: bool
    tokens: list[int] = field(default_factory=list)
    log_probs: list[float] | None = None
    length: int | None = None
    withheld: bool = False


class Model(Protocol):
    """A base, teacher or student that answers."""

    def complete(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        drawing: Drawing,
        system: str | None = None,
        *,
        answer_tokens: int,
    ) -> list[Completion]:
        """One completion per prompt, in the order of the prompts, each from its own seed.

        Args:
            answer_tokens: about how many a completion has. Budgets count with it, and no completion
                depends on it.
        """

    def word_log_probs(
        self, prompts: Sequence[str], words: Sequence[str], system: str | None = None
    ) -> np.ndarray | None:
        """Log-probability in nats that an answer starts with each word; shape (prompts, words).

        None where whoever serves the model does not tell it.
        """

    def first_tokens(
        self, prompts: Sequence[str], most: int, system: str | None = None
    ) -> list[dict[str, float]]:
        """Per prompt the most probable first tokens as text, with their log-probabilities in nats.

        Args:
            most: how many; the most probable one comes first.
        """

    @property
    def arithmetic(self) -> str:
        """The precision that it computes in, and the kind of device."""

    @property
    def keeps_answers(self) -> bool:
        """Whether answers are kept as they come: a caller has not to ask in pieces to keep them."""

    def collisions(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Pairs of words that this model's tokens cannot tell apart at an answer's start."""
