"""Ordering something that a provider is paid for once, whatever happens in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from subliminal.api.failures import Busy, Lost, Refusal
from subliminal.api.ledger.actions import Action, Kind, Ledger
from subliminal.api.ledger.lines import locked
from subliminal.api.requests import METADATA_KEY, REPEATS, Requests
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting

# So long a job may take to appear in the list, when nobody knows whether it was ordered.
GRACE_SECONDS = 30.0
# What the ledger knows of an action whose order has certainly not arrived.
REFUSED = "refused"


class Listed(Protocol):
    """A job as a provider lists it."""

    @property
    def id(self) -> str:
        """By which the provider knows it."""

    @property
    def metadata(self) -> dict[str, str]:
        """What it was ordered with."""

    def require_known_status(self) -> None:
        """Make sure that its status is one that can be acted on."""


Job = TypeVar("Job", bound=Listed)


class Reserved(NamedTuple):
    """A job whose cost is reserved.

    Attributes:
        key: of its action in the ledger.
        fresh: nobody has begun it before.
    """

    key: str
    fresh: bool


class Ordered(NamedTuple):
    """The job's id, and the key of its action in the ledger."""

    job: str
    key: str


def open_key(
    key: Callable[[int], str], in_vain: Callable[[Action], bool], actions: Mapping[str, Action]
) -> str:
    """The key of the first attempt that has not ended in vain.

    Args:
        key, in_vain: as of `Wanted`.
        actions: of the ledger, by their keys.
    """
    keys = map(key, count())
    return next(key for key in keys if key not in actions or not in_vain(actions[key]))


@dataclass(frozen=True)
class Wanted(Generic[Job]):
    """A job that is wanted.

    Attributes:
        key: in the ledger and at the provider, by the number of the attempt: the hash of all that
            the job depends on.
        about: what it is, for readers.
        usd: the estimate.
        facts: for the ledger.
        in_vain: whether the action of an attempt has ended so that another one is due.
        prepare: puts there what the job needs, at no cost; its request.
        send: orders it, by one request that is not repeated.
    """

    key: Callable[[int], str]
    kind: Kind
    about: str
    usd: float
    facts: Mapping[str, Any]
    in_vain: Callable[[Action], bool]
    prepare: Callable[[], dict[str, Any]]
    send: Callable[[dict[str, Any], str], Job]


@dataclass(frozen=True)
class Desk(Generic[Job]):
    """Where jobs of one sort are ordered, and where that is written down.

    Attributes:
        what: they are called.
        look: the jobs that were ordered under a key, the newest first.
        grace: seconds, as for `GRACE_SECONDS`.
    """

    what: str
    requests: Requests
    look: Callable[[str], Sequence[Job]]
    ledger: Ledger
    hosting: Hosting
    log: logging.Logger
    grace: float = GRACE_SECONDS

    def submit(self, wanted: Wanted[Job], lock: str) -> Ordered:
        """Reserve what a job costs, and order it.

        Args:
            lock: the folder, in the ledger's, of locks of such jobs.

        Raises:
            ConfigError: it may not be paid, or the server does not take it.
        """
        with locked(self.ledger.folder / lock / wanted.key(0)):
            (reserved,) = self.reserve([wanted], wanted.about)
            return self.order(wanted, reserved, self.grace)

    def reserve(self, wanted: Sequence[Wanted[Job]], about: str) -> list[Reserved]:
        """Reserve what jobs cost, all of it before any is ordered.

        Whoever calls sees to it that nobody else orders them.

        Args:
            about: what all of them are, for readers.

        Raises:
            ConfigError: they may not be paid together.
        """
        actions, now = self.ledger.actions(), time.time()
        keys = [open_key(one.key, one.in_vain, actions) for one in wanted]
        begun = [
            Action(key, one.kind, one.about, "begun", one.usd, now, dict(one.facts))
            for key, one in zip(keys, wanted, strict=True)
        ]
        there = self.ledger.begin_all(begun, about, self.hosting)
        return [Reserved(key, found is None) for key, found in zip(keys, there, strict=True)]

    def order(self, wanted: Wanted[Job], reserved: Reserved, grace: float) -> Ordered:
        """Order a job that is reserved, unless it was ordered before, by whomever.

        If the order's answer is lost, or an earlier process was killed before it came, the job is
        looked for under its key. It is ordered again only once the provider's list does not have
        it.

        Args:
            grace: seconds in which an order of an earlier process may still appear.

        Raises:
            ConfigError: the server does not take it.
        """
        action = self.ledger.actions()[reserved.key]
        if "job" in action.facts:
            return Ordered(action.facts["job"], action.key)
        job = self._job(wanted, action, reserved.fresh, grace)
        self.ledger.change(action, "sent", job=job.id)
        job.require_known_status()
        return Ordered(job.id, action.key)

    def _job(self, wanted: Wanted[Job], action: Action, fresh: bool, grace: float) -> Job:
        """The job of an action that is begun: found, or ordered.

        Args:
            fresh: this process has begun it, so that an order of it can only be another ledger's.
        """
        keys = self._lost_keys(wanted, action)
        try:
            found = self.found(keys, 0 if fresh and len(keys) == 1 else grace)
            if found is not None:
                self.log.info("%s %s is there already", self.what, found.id)
                return found
            request = wanted.prepare()
        except ConfigError:
            if fresh:
                self.write_off(action)
            raise
        return self._ordered(lambda: wanted.send(request, action.key), action, keys, fresh)

    def _lost_keys(self, wanted: Wanted[Job], action: Action) -> list[str]:
        """The action's key, and those of earlier attempts whose order may be out.

        Whoever dropped them may have been mistaken.
        """
        actions = self.ledger.actions()
        keys = [action.key]
        for attempt in count():
            earlier = wanted.key(attempt)
            if earlier == action.key:
                return keys
            if not {"job", REFUSED} & actions[earlier].facts.keys():
                keys.append(earlier)
        raise AssertionError("the action's key is that of an attempt")

    def _ordered(
        self, send: Callable[[], Job], action: Action, keys: Sequence[str], fresh: bool
    ) -> Job:
        """The job, ordered by one request that arrives.

        The action is dropped only if no order of it can have arrived.
        """
        unsent = fresh
        for repeat in count():
            try:
                job = send()
            except Refusal:
                if unsent:
                    self.write_off(action)
                raise
            except Busy as failure:
                if repeat == REPEATS:
                    if unsent:
                        self.write_off(action)
                    raise
                self.requests.rest(repeat, failure)
            except Lost as failure:
                unsent = False
                found = self.found(keys, self.grace)
                if found is not None:
                    return found
                if repeat == REPEATS:
                    raise
                self.requests.rest(repeat, failure)
            else:
                self.log.info("ordered %s %s", self.what, job.id)
                if METADATA_KEY not in job.metadata:
                    self.log.warning(
                        "this server keeps no metadata: a job whose order's answer is lost would "
                        "not be found, and be ordered again"
                    )
                return job
        raise AssertionError("the last repeat returns or raises")

    def write_off(self, action: Action) -> None:
        """Drop an action of which nothing has arrived, for certain."""
        self.ledger.change(action, "dropped", **{REFUSED: True})

    def found(self, keys: Sequence[str], grace: float) -> Job | None:
        """The job that was ordered under one of these keys, if it shows in so many seconds."""
        until = time.monotonic() + grace
        while True:
            for key in keys:
                jobs = self.look(key)
                if jobs:
                    return jobs[0]
            left = until - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(left, 5.0))
