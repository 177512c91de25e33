"""The one way to ask hosted models, whichever way their answers come: live, or in batches."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subliminal.api.chat.account import Account
from subliminal.api.chat.batched import Batches
from subliminal.api.chat.ended import Ended, require_use
from subliminal.api.chat.live import Job, ask_live
from subliminal.api.chat.reading import used
from subliminal.api.chat.recorded import recorded
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.chat.reserving import Meter, Reservation
from subliminal.api.ledger.actions import Action
from subliminal.api.ledger.answers import AnswerBook, digest
from subliminal.api.ledger.lines import locked
from subliminal.artefacts.progress import progress

log = logging.getLogger(__name__)


def ask(
    account: Account, parameters: Parameters, asked: Sequence[Question], at_a_time: int
) -> list[dict[str, Any]]:
    """The answers to questions, in their order, as the provider has given them.

    What is kept from earlier is not asked for again, and what is in a batch is waited for. Of
    processes that ask a model alike, one asks at a time, and the others find there what they share
    with it. They wait for batches side by side.

    Args:
        at_a_time: requests under way, where answers come live.

    Raises:
        ConfigError: they may not be paid, or the provider does not answer as the protocol has it.
            What came before is kept. Of a replay: they are not recorded.
    """
    if account.hosting.replay:
        return recorded(account, parameters, asked)
    book = AnswerBook.of(account.folder, account.place.url, parameters.common())
    asking = _Asking(account, parameters, book, {q.key: q for q in asked}, at_a_time)
    fruitless = 0
    while waiting := asking.ask_missing():
        ended = [asking.collect(action) for action in waiting]
        fruitless = require_use(ended, fruitless, account)
    known = book.read(asking.distinct)
    return [_answer(known[question.key].answer) for question in asked]


def _answer(answer: dict[str, Any] | None) -> dict[str, Any]:
    assert answer is not None, "all are there"
    return answer


@dataclass(frozen=True)
class _Asking:
    """Questions of one job, by their keys."""

    account: Account
    parameters: Parameters
    book: AnswerBook
    distinct: Mapping[str, Question]
    at_a_time: int

    @property
    def _lock(self) -> Path:
        return self.book.file.with_name(f"{self.book.name}.asking")

    @property
    def _batches(self) -> Batches:
        return Batches(self.account, self.book, self.parameters)

    def ask_missing(self) -> list[Action]:
        """Ask for what is neither there nor in a batch.

        Returns:
            The batches that are to be waited for; none once all answers are there, and settled.
        """
        with locked(self._lock):
            known = self.book.read(self.distinct)
            there = {key: one for key, one in known.items() if one.answer is not None}
            job = digest([self.book.name, sorted(self.distinct)])
            about = f"{len(self.distinct)} answers of {self.parameters.model}"
            kept = [one.usd for one in known.values() if one.answer is not None or one.usd > 0]
            reservation = Reservation(self.account, job, self.book.name, about, kept)
            missing = {key: q for key, q in self.distinct.items() if key not in there}
            waiting, free = self._in_batches(missing)
            if not free:
                reservation.settle()
                return waiting
            if there:
                log.info("%d of %d answers are there from earlier", len(there), len(self.distinct))
            at_once, in_batches = self._meter(1.0), self._meter(self.account.hosting.share)
            for key, one in there.items():
                for meter in (at_once, in_batches):
                    meter.see(self.distinct[key], used(one.answer or {}))
            asked_at = {key: one.at for key, one in known.items() if one.answer is None}
            known.clear()  # answers are large
            there.clear()
            # What was sent live and has no answer may have been answered.
            live, rest = self._ways(free, asked_at)
            try:
                # Nothing is sent before all of it can be paid.
                if live:
                    reservation.open(at_once, self.parameters, live)
                ordered = self._batches.order(rest, in_batches) if rest else []
                if live:
                    self._ask_live(Job(self.parameters, live, asked_at), reservation, at_once)
            finally:
                reservation.settle()
            return [*waiting, *ordered]

    def _meter(self, share: float) -> Meter:
        return Meter(self.parameters, self.account.require_usable(), self.account.tuned, share)

    def _in_batches(self, missing: Mapping[str, Question]) -> tuple[list[Action], list[Question]]:
        """The batches that hold some of this job's questions, and what is missing and in none."""
        waiting, held = [], set[str]()
        for action, keys in self._batches.under_way():
            if not keys.isdisjoint(self.distinct):
                waiting.append(action)
                held |= keys
        return waiting, [question for key, question in missing.items() if key not in held]

    def _ways(
        self, free: Sequence[Question], asked_at: Mapping[str, float]
    ) -> tuple[list[Question], list[Question]]:
        """Which questions are asked live, and which in batches."""
        batch = self.account.hosting.sampling == "batch"
        live = [q for q in free if not batch or q.key in asked_at]
        return live, [q for q in free if batch and q.key not in asked_at]

    def _ask_live(self, job: Job, reservation: Reservation, meter: Meter) -> None:
        account = self.account
        report, before = progress(log, "answer"), len(self.distinct) - len(job.questions)
        done = before

        def on_answers(come: int) -> None:
            nonlocal done
            done += come
            report(done, before + len(job.questions))

        ask_live(account, job, self.book, reservation, meter, self.at_a_time, on_answers)

    def collect(self, action: Action) -> Ended:
        """Wait for a batch, and keep what has come of it."""
        batch = self._batches.wait(action)
        with locked(self._lock):
            return self._batches.collect(action, batch)
