"""The one way to ask hosted models: reserve, ask for what is missing, settle."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from subliminal.api.chat.account import Account
from subliminal.api.chat.live import Job, ask_live
from subliminal.api.chat.recorded import recorded
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.chat.reserving import Meter, Reservation
from subliminal.api.ledger.answers import AnswerBook, digest
from subliminal.api.ledger.lines import locked
from subliminal.artefacts.progress import progress

log = logging.getLogger(__name__)


def ask(
    account: Account, parameters: Parameters, asked: Sequence[Question], at_a_time: int
) -> list[dict[str, Any]]:
    """The answers to questions, in their order, as the provider has given them.

    What is kept from earlier is not asked for again. Of processes that ask a model alike, one asks
    at a time, as fast as the account admits, and the others find there what they share with it.

    Args:
        at_a_time: requests under way.

    Raises:
        ConfigError: they may not be paid, or the provider does not answer as the protocol has it.
            What came before is kept. Of a replay: they are not recorded.
    """
    if account.hosting.replay:
        return recorded(account, parameters, asked)
    place = account.place
    book = AnswerBook.of(account.folder, place.url, parameters.common())
    distinct = {question.key: question for question in asked}
    job = digest([book.name, sorted(distinct)])
    with locked(book.file.with_name(f"{book.name}.asking")):
        known = book.read(distinct)
        there = {key: one.usd for key, one in known.items() if one.answer is not None}
        asked_at = {key: one.at for key, one in known.items() if one.answer is None}
        missing = [question for key, question in distinct.items() if key not in there]
        about = f"{len(distinct)} answers of {parameters.model}"
        reservation = Reservation(account, job, book.name, about, list(there.values()))
        if missing:
            known.clear()  # answers are large
            if there:
                log.info("%d of %d answers are there from earlier", len(there), len(distinct))
            still = Job(parameters, missing, asked_at)
            _ask_missing(account, still, book, reservation, at_a_time, len(there))
            known = book.read(distinct)
        else:
            reservation.settle()
    return [_answer(known[question.key].answer) for question in asked]


def _answer(answer: dict[str, Any] | None) -> dict[str, Any]:
    assert answer is not None, "all are there"
    return answer


def _ask_missing(
    account: Account,
    job: Job,
    book: AnswerBook,
    reservation: Reservation,
    at_a_time: int,
    before: int,
) -> None:
    """Ask for what is missing of a job; what it has cost is in the ledger, however it ends."""
    meter = Meter(job.parameters, account.require_usable(), account.tuned)
    reservation.open(meter, job.parameters, job.questions)
    report = progress(log, "answer")
    done = before

    def on_answers(come: int) -> None:
        nonlocal done
        done += come
        report(done, before + len(job.questions))

    try:
        ask_live(account, job, book, reservation, meter, at_a_time, on_answers)
    finally:
        reservation.settle()
