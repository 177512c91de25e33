"""Ordering a fine-tuning job once, whatever happens in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

from subliminal.api.ledger.actions import Action, Ledger
from subliminal.api.ledger.answers import digest
from subliminal.api.ledger.lines import locked
from subliminal.api.tuning.failures import Busy, Lost, Refusal
from subliminal.api.tuning.job import WITHOUT_A_MODEL, TuningJob
from subliminal.api.tuning.provider import KEY, Provider
from subliminal.api.tuning.requests import REPEATS
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting

# So long a job may take to appear in the list, when nobody knows whether it was ordered.
GRACE_SECONDS = 30.0
LOCKS = "tuning"
# What the ledger knows of an action whose order has certainly not arrived.
REFUSED = "refused"


@dataclass(frozen=True)
class Order:
    """A fine-tuning job that is wanted.

    Attributes:
        model: the snapshot.
        hyperparameters: as the provider is told.
        sha256: of the training file.
        artefact: the path of what becomes of it: it tells equal jobs apart, such as the students of
            several seeds.
        usd: the estimate.
    """

    model: str
    hyperparameters: dict[str, Any]
    sha256: str
    artefact: str
    usd: float

    @property
    def file_name(self) -> str:
        """What the training file is called there: orders with the same rows share it."""
        return f"subliminal-{self.sha256[:32]}.jsonl"

    def key(self, url: str, attempt: int) -> str:
        """Of its action, in the ledger.

        Args:
            url: of the server.
            attempt: 0 for the first one.
        """
        parts = [url, self.model, self.hyperparameters, self.sha256, self.artefact, attempt]
        return digest(parts)

    def open_key(self, url: str, actions: Mapping[str, Action]) -> str:
        """The key of the first attempt that has not ended without a model."""
        keys = (self.key(url, attempt) for attempt in count())
        return next(key for key in keys if key not in actions or not _in_vain(actions[key]))


def _in_vain(action: Action) -> bool:
    return action.state == "dropped" or action.facts.get("status") in WITHOUT_A_MODEL


class Ordered(NamedTuple):
    """The job's id, and the key of its action in the ledger."""

    job: str
    key: str


@dataclass(frozen=True)
class Desk:
    """Where jobs are ordered, and where that is written down.

    Attributes:
        grace: seconds, as for `GRACE_SECONDS`.
    """

    provider: Provider
    ledger: Ledger
    hosting: Hosting
    log: logging.Logger
    grace: float = GRACE_SECONDS

    def submit(self, order: Order, content: bytes) -> Ordered:
        """Order a job, unless it was ordered before, by whomever.

        Its cost is reserved before anything is sent. If the order's answer is lost, or an earlier
        process was killed before it came, the job is looked for under its key. It is ordered again
        only once the provider's list does not have it.

        Args:
            content: the training file.

        Raises:
            ConfigError: it may not be paid, or the server does not take it.
        """
        url = self.provider.access.url
        with locked(self.ledger.folder / LOCKS / order.key(url, 0)):
            key = order.open_key(url, self.ledger.actions())
            there = self.ledger.begin(
                key, "tuning", order.artefact, order.usd, self.hosting, server=url
            )
            if there is not None and "job" in there.facts:
                return Ordered(there.facts["job"], key)
            action = self.ledger.actions()[key]
            job = self._job(order, content, action, fresh=there is None)
            self.ledger.change(action, "sent", job=job.id)
        job.require_known_status()
        return Ordered(job.id, key)

    def _job(self, order: Order, content: bytes, action: Action, fresh: bool) -> TuningJob:
        """The job of an action that is begun: found, or ordered.

        Args:
            fresh: this process has begun it, so that an order of it can only be another ledger's.
        """
        keys = self._lost_keys(order, action)
        try:
            found = self._look_for(keys, 0 if fresh and len(keys) == 1 else self.grace)
            if found is not None:
                self.log.info("fine-tuning job %s is there already", found.id)
                return found
            file = self._uploaded(order, content)
        except ConfigError:
            if fresh:
                self._write_off(action)
            raise
        method = {"type": "supervised", "supervised": {"hyperparameters": order.hyperparameters}}
        return self._ordered(
            {"model": order.model, "training_file": file, "method": method}, action, keys, fresh
        )

    def _lost_keys(self, order: Order, action: Action) -> list[str]:
        """The action's key, and those of earlier attempts whose order may be out.

        Whoever dropped them may have been mistaken.
        """
        actions = self.ledger.actions()
        keys = [action.key]
        for attempt in count():
            earlier = order.key(self.provider.access.url, attempt)
            if earlier == action.key:
                return keys
            if not {"job", REFUSED} & actions[earlier].facts.keys():
                keys.append(earlier)
        raise AssertionError("the action's key is that of an attempt")

    def _uploaded(self, order: Order, content: bytes) -> str:
        with locked(self.ledger.folder / LOCKS / order.file_name):
            file = self.provider.file_named(order.file_name, len(content))
            if file is None:
                self.log.info("uploading %s, %.1f MB", order.file_name, len(content) / 1e6)
                file = self.provider.upload(order.file_name, content)
        return file

    def _ordered(
        self, request: dict[str, Any], action: Action, keys: Sequence[str], fresh: bool
    ) -> TuningJob:
        """The job, ordered by one request that arrives.

        The action is dropped only if no order of it can have arrived.
        """
        unsent = fresh
        for repeat in count():
            try:
                job = self.provider.order(request, action.key)
            except Refusal:
                if unsent:
                    self._write_off(action)
                raise
            except Busy as failure:
                if repeat == REPEATS:
                    if unsent:
                        self._write_off(action)
                    raise
                self.provider.requests.rest(repeat, failure)
            except Lost as failure:
                unsent = False
                found = self._look_for(keys, self.grace)
                if found is not None:
                    return found
                if repeat == REPEATS:
                    raise
                self.provider.requests.rest(repeat, failure)
            else:
                self.log.info("ordered fine-tuning job %s", job.id)
                if KEY not in job.metadata:
                    self.log.warning(
                        "this server keeps no metadata: a job whose order's answer is lost would "
                        "not be found, and be ordered again"
                    )
                return job
        raise AssertionError("the last repeat returns or raises")

    def _write_off(self, action: Action) -> None:
        """Drop an action of which nothing has arrived, for certain."""
        self.ledger.change(action, "dropped", **{REFUSED: True})

    def _look_for(self, keys: Sequence[str], grace: float) -> TuningJob | None:
        """The job that was ordered under one of these keys, if it shows in a time."""
        until = time.monotonic() + grace
        while True:
            for key in keys:
                jobs = self.provider.jobs_of(key)
                if jobs:
                    return jobs[0]
            left = until - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(left, 5.0))
