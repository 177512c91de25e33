"""What a hosted model is asked: one request of the protocol per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from subliminal.api.ledger.answers import digest
from subliminal.api.requests import METADATA_KEY
from subliminal.api.tokens import ANSWER_OPENED, conversation_tokens

Messages = list[dict[str, str]]
# Requests of one token under way, as many as drawings of long answers have.
LETTERS_AT_A_TIME = 64


class Question(NamedTuple):
    """Messages, and which sample of their answers is meant.

    Attributes:
        key: of both.
    """

    key: str
    messages: Messages


class Tokens(NamedTuple):
    """Tokens that a model reads and writes."""

    read: float
    written: float


@dataclass(frozen=True)
class Parameters:
    """What all requests of a job have in common.

    Attributes:
        max_tokens: None for no limit.
        answer_tokens: about how many an answer has. It is not sent, and no key depends on it.
        log_probs: whether those of the answer's tokens are asked for.
        alternatives: the most probable tokens that are asked for at each place; 0 for none.
        extra: fields beside the protocol's.
    """

    model: str
    temperature: float
    max_tokens: int | None
    answer_tokens: int
    log_probs: bool = False
    alternatives: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def common(self) -> dict[str, Any]:
        """The fields that hold them; no seed, because the provider draws."""
        fields: dict[str, Any] = {
            "model": self.model,
            "temperature": self.temperature,
            "top_p": 1.0,
            **self.extra,
        }
        if self.max_tokens is not None:
            fields["max_tokens"] = self.max_tokens
        if self.log_probs or self.alternatives:
            fields["logprobs"] = True
        if self.alternatives:
            fields["top_logprobs"] = self.alternatives
        return fields

    def request(self, question: Question, store: bool) -> dict[str, Any]:
        """The whole request.

        Args:
            store: whether the provider keeps the answer.
        """
        fields = {**self.common(), "messages": question.messages}
        if store:
            fields |= {"store": True, "metadata": {METADATA_KEY: question.key}}
        return fields

    def expected(self, question: Question) -> Tokens:
        """About how many tokens a question and its answer have, until a server has counted."""
        turns = [message["content"] for message in question.messages]
        read = conversation_tokens([*turns, ANSWER_OPENED])
        return Tokens(read, min(self.max_tokens or self.answer_tokens, self.answer_tokens))


def questions(prompts: Sequence[str], samples: Sequence[int], system: str | None) -> list[Question]:
    """One question per prompt.

    Args:
        samples: the seed of each, which names the sample and is not sent.
    """
    head = [{"role": "system", "content": system}] if system is not None else []
    asked = [[*head, {"role": "user", "content": prompt}] for prompt in prompts]
    return [
        Question(digest([messages, sample]), messages)
        for messages, sample in zip(asked, samples, strict=True)
    ]
