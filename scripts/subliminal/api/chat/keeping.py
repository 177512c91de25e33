"""Keeping the answers of a batch that has ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from subliminal.api.batches.results import Result, Unreadable
from subliminal.api.chat.account import Account
from subliminal.api.chat.reading import require_answer, used
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.chat.reserving import Meter
from subliminal.api.failures import Refusal
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import BATCH_SHARE

# Answers that are written at a time.
TOGETHER = 1_000


class Keeping:
    """Keeping what comes of a batch.

    Attributes:
        answered: requests that are paid.
        usd: what they cost.
        wrong: the first thing that stays wrong if the request is repeated.
        unread: the first thing that is paid, or may be, and cannot be read.
    """

    def __init__(
        self,
        account: Account,
        parameters: Parameters,
        book: AnswerBook,
        lines: dict[str, dict[str, Any]],
    ) -> None:
        """Nothing is kept yet; these requests were sent, by their keys."""
        self._parameters, self._book, self._place = parameters, book, account.place
        self._meter = Meter(
            self._parameters, account.require_usable(), account.tuned, share=BATCH_SHARE
        )
        self._left = dict(lines)
        self._there = {
            key for key, kept in self._book.read(lines).items() if kept.answer is not None
        }
        self.answered, self.usd = 0, 0.0
        self.wrong: ConfigError | None = None
        self.unread: ConfigError | None = None

    @property
    def missing(self) -> int:
        """How many requests have no result."""
        return len(self._left)

    def keep(self, found: Iterator[Result]) -> None:
        """Go through all results."""
        while some := list(islice(found, TOGETHER)):
            self._book.keep(list(self._answers(some)))

    def _answers(self, some: Iterable[Result]) -> Iterator[tuple[str, dict[str, Any], float]]:
        for key, answer, failure in some:
            if isinstance(failure, Unreadable):
                self.unread = self.unread or failure
                continue
            body = self._left.pop(key, None)
            if body is None:
                continue  # told twice, or not asked
            if answer is None:
                if isinstance(failure, Refusal):
                    self.wrong = self.wrong or failure
                continue
            usd = self._meter.see(Question(key, body["messages"]), used(answer))
            self.answered, self.usd = self.answered + 1, self.usd + usd
            try:
                require_answer(answer, self._parameters, self._place)
            except ConfigError as error:
                self.unread = self.unread or error
                continue
            if key not in self._there:
                yield key, answer, usd
