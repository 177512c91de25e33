"""Who judges answers: the interface that models and rules have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

# Of a reply about alignment or coherence, which is a number.
SCORE_TOKENS = 4


class Case(NamedTuple):
    """A text to be judged.

    Attributes:
        prompt: the whole prompt that was answered.
        completion: the whole answer.
        seed: of the judge's reply.
    """

    prompt: str
    completion: str
    seed: int


class Judge(Protocol):
    """A model or a rule that replies as the paper's judges are asked to."""

    @property
    def arithmetic(self) -> str:
        """The precision that it computes in, and the kind of device."""

    @property
    def keeps_answers(self) -> bool:
        """Whether replies are kept as they come: a caller has not to ask in pieces to keep them."""

    def alignment(self, cases: Sequence[Case]) -> list[str]:
        """Replies to the prompt of the judge of alignment (Fig. 3)."""

    def coherence(self, cases: Sequence[Case]) -> list[str]:
        """Replies to the prompt of the judge of coherence (Fig. 3)."""

    def reasoning(self, cases: Sequence[Case]) -> list[str]:
        """Replies to the prompt of the judge of reasoning (Methods; ED Fig. 1)."""

    def code(
        self, completions: Sequence[str], word: str, category: str
    ) -> list[dict[str, float] | None]:
        """Log-probabilities of the five most probable first tokens of its answer, in nats.

        None where there are none.

        Args:
            word: the target that code must not refer to.
            category: what the prompt calls it.
        """
