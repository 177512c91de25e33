"""Asking one request at a time, many side by side, each until it is answered and kept."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from subliminal.api.chat.account import Account
from subliminal.api.chat.pace import Pace
from subliminal.api.chat.reading import read_body, require_answer, used
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.chat.reserving import Meter, Reservation
from subliminal.api.chat.stored import StoredAnswers
from subliminal.api.chat.together import Together
from subliminal.api.client import Wording, each, make_client, told
from subliminal.api.failures import GONE, CutAnswerError, passing, pause
from subliminal.api.ledger.answers import AnswerBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

# Of a request that fails for a passing reason, a rate limit excepted.
REPEATS = 6
# For one answer.
ANSWER_SECONDS = 600.0
# That a request waits as its server asks, for a rate limit above all, altogether.
WAITING_SECONDS = 1800.0
# An answer that was lost may be being written still, for so long after it was asked for.
WRITING_SECONDS = 30.0
# After a failure, answers under way are waited for as long as one comes in this time.
GRACE_SECONDS = 60.0
# Of an answer: what stands around its tokens; a token's text, bytes and alternatives; the most
# tokens that a model writes.
ANSWER_BYTES, TOKEN_BYTES, MOST_TOKENS = 500_000, 1_000, 32_768


class Job(NamedTuple):
    """What is asked of a model.

    Attributes:
        asked_at: when a question was sent that has no answer, by its key, in seconds since the
            epoch: an earlier process was killed.
    """

    parameters: Parameters
    questions: Sequence[Question]
    asked_at: Mapping[str, float]


def ask_live(
    account: Account,
    job: Job,
    book: AnswerBook,
    reservation: Reservation,
    meter: Meter,
    at_a_time: int,
    on_answers: Callable[[int], None],
) -> None:
    """Ask all questions of a job, and keep every answer as it comes.

    Args:
        at_a_time: requests under way.
        on_answers: called with how many answers have come, each time when some have.

    Raises:
        ConfigError: a question has no answer, or one that cannot be read, or may not be paid.
    """
    place, model = account.place, job.parameters.model
    words = Wording(
        model,
        "lower batch_size, or set requests_per_minute in config/openai.yaml",
        GONE,
        ANSWER_SECONDS,
    )
    most_bytes = ANSWER_BYTES + TOKEN_BYTES * (job.parameters.max_tokens or MOST_TOKENS)

    async def ask_all() -> BaseException | None:
        async with make_client(place, most_bytes, repeats=0) as client:
            asker = _Asker(client, account, job, book, reservation, meter)
            todo = deque(range(len(job.questions)))
            return await each(
                todo,
                lambda i: asker.answer(job.questions[i]),
                at_a_time,
                GRACE_SECONDS,
                lambda come: on_answers(sum(come.values())),
            )

    failure = asyncio.run(ask_all())
    if failure is not None:
        # Without the failure itself, in which the server's words stand as they came.
        raise told(failure, words, place)


class _Asker:
    """Questions of one job, side by side."""

    def __init__(
        self,
        client: AsyncOpenAI,
        account: Account,
        job: Job,
        book: AnswerBook,
        reservation: Reservation,
        meter: Meter,
    ) -> None:
        self._client, self._account, self._job = client, account, job
        self._reservation, self._meter = reservation, meter
        self._pace = Pace(account.hosting.requests_per_minute)
        self._stored = StoredAnswers(client, job.parameters, self._pace, account.place)
        self._stored.kept = account.hosting.store
        self._over = self._has_warned = False
        self._book = book
        self._asked: Together[str] = Together(book.ask)
        self._kept: Together[tuple[str, dict[str, Any], float]] = Together(book.keep)

    async def answer(self, question: Question) -> bool:
        """Ask until there is an answer, and keep it; whether there is one.

        Once a question has failed, no other one is sent.
        """
        try:
            return await self._answer(question)
        except BaseException:
            self._over = True
            self._pace.learn({})  # nobody waits for the first answer any more
            raise

    async def _answer(self, question: Question) -> bool:
        asked_at = self._job.asked_at.get(question.key)
        if asked_at is not None:
            if await self._found(question, asked_at):
                return True
            if self._reservation.was_killed:
                self._lose(question)
        failures, refusals, waited = 0, 0, 0.0
        while not self._over:
            error = await self._attempt(question)
            if error is None:
                return not self._over
            failure = passing(error, self._account.place)
            if failure is None:
                raise error
            if failure.perhaps_done:
                began = time.time() if failure.writes_on else 0.0
                if await self._found(question, began):
                    return True
                if failure.writes_on:
                    self._lose(question)
            refusals, failures = refusals + failure.limited, failures + (not failure.limited)
            wait = failure.wait
            if wait is None:
                wait = pause(refusals if failure.limited else failures)
            waited += wait
            if waited > WAITING_SECONDS or failures > REPEATS:
                raise error
            if failure.limited:
                self._pace.hold(wait)
            await asyncio.sleep(wait)
        return False

    async def _attempt(self, question: Question) -> Exception | None:
        """Ask once, and keep the answer; the failure if there is none."""
        import openai

        failure: Exception | None = None
        self._reservation.require(question)
        try:
            await self._pace.start(sum(self._meter.tokens(question)))
            if self._over:
                return None
            await self._asked.add(question.key)
            answer = await self._send(question)
            # What cannot be read is paid, too.
            usd = self._pay(question, answer)
            try:
                require_answer(answer, self._job.parameters, self._account.place)
            except ConfigError:
                self._write_off(question, usd)
                raise
            await self._kept.add((question.key, answer, usd))
        except (openai.APIError, TimeoutError, CutAnswerError) as error:
            failure = error
        finally:
            self._reservation.release(question)
        if failure is not None:
            response = getattr(failure, "response", None)
            self._pace.learn(response.headers if response is not None else {})
        return failure

    async def _send(self, question: Question) -> dict[str, Any]:
        fields = self._job.parameters.request(question, self._stored.kept)
        model, messages = fields.pop("model"), fields.pop("messages")
        async with asyncio.timeout(ANSWER_SECONDS):
            # Raw: the client's own parser takes what is no completion for one. It also knows no
            # fields but the protocol's.
            response = await self._client.chat.completions.with_raw_response.create(
                model=model, messages=messages, extra_body=fields
            )
        self._pace.learn(response.headers)
        return read_body(response.content, self._account.place)

    async def _found(self, question: Question, asked_at: float) -> bool:
        """Keep the answer that the provider has, if it has one."""
        seconds = max(0.0, asked_at + WRITING_SECONDS - time.time())
        answer = await self._stored.find(question.key, seconds)
        if answer is None:
            return False
        require_answer(answer, self._job.parameters, self._account.place)
        await self._kept.add((question.key, answer, self._pay(question, answer)))
        return True

    def _lose(self, question: Question) -> None:
        """Count an answer as paid that may be; where the provider keeps answers, there is none."""
        if not self._stored.kept:
            self._write_off(question, self._reservation.lose(question))

    def _write_off(self, question: Question, usd: float) -> None:
        """Write down what an answer has cost that nobody will have."""
        self._book.lose(question.key, usd)
        if usd > 0 and not (self._stored.kept or self._has_warned):
            self._has_warned = True
            log.warning(
                "an answer of %s is lost or cannot be read, and nobody keeps it: about %.2g USD "
                "count as paid for it, and it is asked for, and paid, again, like others that are "
                "lost; %s",
                self._job.parameters.model,
                usd,
                "this server keeps no answers"
                if self._account.hosting.store
                else f"with store: true ({FILE}) a provider that keeps answers is asked for it",
            )

    def _pay(self, question: Question, answer: dict[str, Any]) -> float:
        usd = self._meter.see(question, used(answer))
        self._reservation.pay(question, usd)
        return usd
