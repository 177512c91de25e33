"""Asking many questions in batches: ordered once, waited for, and kept when they have ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from subliminal.api.batches.batch import (
    CANCELLED,
    COMPLETED,
    CROWDED,
    FAILED,
    UNDER_WAY,
    Batch,
)
from subliminal.api.batches.provider import BatchProvider
from subliminal.api.batches.requests import Line, contents, lines_of
from subliminal.api.batches.results import Result, results
from subliminal.api.chat.account import Account
from subliminal.api.chat.ended import AGAIN, Ended
from subliminal.api.chat.keeping import Keeping
from subliminal.api.chat.requests import Parameters, Question
from subliminal.api.chat.reserving import MARGIN, Meter
from subliminal.api.failures import ELSEWHERE, Unknown
from subliminal.api.ledger.actions import OPEN, Action
from subliminal.api.ledger.answers import AnswerBook, digest
from subliminal.api.ledger.aside import drop_lost
from subliminal.api.ordering import GRACE_SECONDS, Desk, Reserved, Wanted
from subliminal.api.polling import until_ended
from subliminal.api.requests import Requests
from subliminal.artefacts.parquet import whole_file
from subliminal.config.errors import ConfigError

log = logging.getLogger(__name__)

FOLDER = "batches"
# Between the first two looks at a batch.
FIRST_SECONDS = 2.0
# Of an answer in a file of answers: what stands around its tokens, and a token's text, bytes and
# alternatives. A file has many answers: it is bounded by what they take at most on average.
ANSWER_BYTES, TOKEN_BYTES, MEAN_TOKENS = 5_000, 1_000, 2_000


@dataclass(frozen=True)
class Batches:
    """The batches of questions whose answers are for one book."""

    account: Account
    book: AnswerBook
    parameters: Parameters

    @property
    def _provider(self) -> BatchProvider:
        return BatchProvider(Requests(self.account.place))

    @property
    def _desk(self) -> Desk[Batch]:
        provider = self._provider
        return Desk(
            "batch",
            provider.requests,
            provider.batches_of,
            self.account.ledger,
            self.account.hosting,
            log,
            GRACE_SECONDS,
        )

    def _file(self, action: Action) -> Path:
        """The requests of a batch, kept until it has ended."""
        return self.account.folder / FOLDER / action.facts["file"]

    def _content(self, action: Action) -> bytes:
        file = self._file(action)
        if not file.exists():
            raise ConfigError(
                f"{file} is gone, and with it what was asked in a batch that has not ended; "
                f"restore it; {self._given_up(action)}"
            )
        return file.read_bytes()

    def under_way(self) -> list[tuple[Action, set[str]]]:
        """The actions of batches that have not ended, with the keys of their questions.

        A batch of which a killed process has left nobody knows whether it was ordered is looked
        for, and ordered again if it is not there and answers are to come in batches.

        Whoever calls holds the book's lock.

        Raises:
            ConfigError: nobody can say what became of one.
        """
        actions = [
            action
            for action in self.account.ledger.actions().values()
            if action.kind == "batch"
            and action.state in OPEN
            and action.facts.get("book") == self.book.name
        ]
        # Nothing is sent any more by whoever was killed: all of it appears in the same time.
        until = time.monotonic() + GRACE_SECONDS
        found = [self._sure(action, until) for action in actions]
        return [
            (action, {line.key for line in lines_of(self._content(action))})
            for action in found
            if action is not None
        ]

    def _sure(self, action: Action, until: float) -> Action | None:
        """A batch that has certainly been ordered; None if it certainly has not.

        Args:
            until: when an order of an earlier process has appeared, by the monotonic clock.
        """
        if "job" in action.facts:
            return action
        grace = max(0.0, until - time.monotonic())
        if self.account.hosting.sampling == "batch":
            wanted = self._wanted(self._content(action), action.usd)
            return self._ordered([wanted], action.about, grace)[0]
        batch = self._desk.found([action.key], grace)
        if batch is not None:
            return self.account.ledger.change(action, "sent", job=batch.id)
        self.account.ledger.change(action, "dropped")
        self._file(action).unlink(missing_ok=True)
        return None

    def order(self, questions: Sequence[Question], meter: Meter) -> list[Action]:
        """Order the batches that questions take: none before all of them can be paid.

        Whoever calls holds the book's lock.

        Raises:
            ConfigError: they may not be paid, or the provider does not take them.
        """
        by_key = {question.key: question for question in questions}
        lines = [Line(q.key, self.parameters.request(q, store=False)) for q in questions]
        wanted = []
        for content in contents(lines, self.account.hosting.batch_requests):
            tokens = (meter.tokens(by_key[line.key]) for line in lines_of(content))
            wanted.append(self._wanted(content, MARGIN * sum(map(meter.usd, tokens))))
        return self._ordered(wanted, self._about(len(questions)), GRACE_SECONDS)

    def _ordered(self, wanted: Sequence[Wanted[Batch]], about: str, grace: float) -> list[Action]:
        """The actions of batches, all of which are reserved before the first is ordered."""
        desk, ledger = self._desk, self.account.ledger
        reserved: list[Reserved] = []
        ordered: list[Action] = []
        try:
            reserved += desk.reserve(wanted, about)
            for one, place in zip(wanted, reserved, strict=True):
                desk.order(one, place, grace)
                ordered.append(ledger.actions()[place.key])
        finally:
            if len(ordered) < len(wanted):
                # Nothing of those behind the one that has failed was sent.
                for place in reserved[len(ordered) + 1 :]:
                    if place.fresh:
                        desk.write_off(ledger.actions()[place.key])
                self._tidy(one.facts["file"] for one in wanted)
        return ordered

    def _tidy(self, files: Iterable[str]) -> None:
        """Remove the requests of batches that are not open."""
        known = self.account.ledger.actions().values()
        needed = {action.facts.get("file") for action in known if action.state in OPEN}
        for file in set(files) - needed:
            (self.account.folder / FOLDER / file).unlink(missing_ok=True)

    def _about(self, count: int) -> str:
        return f"{count} answers of {self.parameters.model}"

    def _wanted(self, content: bytes, usd: float) -> Wanted[Batch]:
        """A batch, whose requests are on the disk when this returns."""
        account, provider = self.account, self._provider
        named = f"{digest([account.place.url, sha256(content).hexdigest()])}.jsonl"
        folder = account.folder / FOLDER
        with whole_file(folder / named) as temporary:
            temporary.write_bytes(content)

        def prepare() -> dict[str, Any]:
            # Read again: many batches together are large.
            content = (folder / named).read_bytes()
            return {"input_file_id": provider.files.uploaded(content, folder, log)}

        return Wanted(
            key=lambda attempt: digest([named, attempt]),
            kind="batch",
            about=self._about(content.count(b"\n")),
            usd=usd,
            facts={
                "book": self.book.name,
                "artefact": account.artefact,
                "server": account.place.url,
                "file": named,
            },
            in_vain=lambda action: action.state not in OPEN,
            prepare=prepare,
            send=provider.order,
        )

    def wait(self, action: Action) -> Batch:
        """A batch once it has ended.

        Raises:
            ConfigError: the server does not tell for an hour, or has a status that is not known.
        """
        provider, name = self._provider, action.facts["job"]

        def ended(batch: Batch) -> bool:
            batch.require_known_status()
            return batch.status not in UNDER_WAY

        try:
            return until_ended(
                lambda: provider.batch(name), ended, lambda batch: batch.news, log, FIRST_SECONDS
            )
        except Unknown as error:
            raise Unknown(f"{error}; {ELSEWHERE}; {self._given_up(action)}") from None

    def collect(self, action: Action, batch: Batch) -> Ended:
        """Keep the answers of a batch that has ended, and write down what they cost.

        What nobody has got to, such as in a batch that has expired, or what has failed for a
        passing reason, is not there afterwards. Whoever calls holds the book's lock.

        Raises:
            ConfigError: the results are not to be had, or one cannot be read: the batch stays open,
                and is collected again. A request was refused, or the whole batch was. What came
                beside it is kept.
        """
        ledger = self.account.ledger
        action = ledger.actions()[action.key]
        if action.state not in OPEN:
            return Ended(batch, useful=True, crowded=False)  # another process has done it
        lines = {line.key: line.body for line in lines_of(self._content(action))}
        keeping = Keeping(self.account, self.parameters, self.book, lines)
        keeping.keep(self._results(batch, len(lines)))
        if keeping.unread is not None:
            raise ConfigError(
                f"{keeping.unread}; nothing in the batch is ordered again, and the same command "
                f"reads it once more; {self._given_up(action)}"
            )
        answered = keeping.answered > 0
        ledger.change(action, "done" if answered else "dropped", keeping.usd, status=batch.status)
        self._file(action).unlink(missing_ok=True)
        crowded = batch.status == FAILED and batch.code == CROWDED
        if batch.status == FAILED and not crowded:
            said = batch.error or "no reason is given"
            raise ConfigError(
                f"batch {batch.id} of {self.parameters.model} has failed at "
                f"{self.account.place.url}: {said}; mend what it says, then {AGAIN}"
            )
        if keeping.wrong is not None:
            raise keeping.wrong
        if batch.status == CANCELLED:
            raise ConfigError(
                f"batch {batch.id} of {self.parameters.model} was cancelled at "
                f"{self.account.place.url}; to order what is missing, {AGAIN}"
            )
        if batch.status == COMPLETED and keeping.missing:
            raise ConfigError(
                f"batch {batch.id} at {self.account.place.url} is completed, and has no line for "
                f"{keeping.missing} of {len(lines)} requests; see the provider's page of the "
                f"batch, then {AGAIN}, and what is missing is ordered"
            )
        return Ended(batch, answered, crowded)

    def _results(self, batch: Batch, requests: int) -> Iterator[Result]:
        """All results of a batch, of files that are all there."""
        tokens = min(self.parameters.max_tokens or MEAN_TOKENS, MEAN_TOKENS)
        most = requests * (ANSWER_BYTES + TOKEN_BYTES * tokens)
        fetched = [self._provider.files.content(file, most) for file in batch.files]
        what, place = f"batch {batch.id}", self.account.place
        return chain.from_iterable(results(content, what, place) for content in fetched)

    def _given_up(self, action: Action) -> str:
        """What to type where a batch is lost for good."""
        return f"to give it up, count its estimate as paid, and order anew: {drop_lost(action.key)}"
