"""Faults on demand: what goes wrong, how often, and how many times more."""

from __future__ import annotations

import random
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from subliminal.config.errors import ConfigError
from subliminal.config.strict import Share, Strict
from subliminal.serving.refusals import malformed

Delivery = Literal[
    "rate_limited",
    "server_error",
    "slow_body",
    "truncated_body",
    "dropped_before",
    "dropped_after",
    "delivered_twice",
]
"""What happens to a request under /v1 or to its answer, in the order in which it is tried."""

Fault = Literal[
    Delivery,
    "job_fails",
    "batch_expires",
    "moderation_refusal",
    "account_closed",
    "unknown_status",
    "unknown_finish_reason",
    "model_vanishes",
]

DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)


class Faults(Strict):
    """What goes wrong.

    Attributes:
        rates: the share of occasions on which it does.
        next: on how many of the next occasions it does for certain.
        path: only requests whose path begins so meet a fault of their delivery.
        seed: of the draws.
        slow_seconds: that a slow body takes.
    """

    rates: dict[Fault, Share] = Field(default={})
    next: dict[Fault, Annotated[int, Field(ge=0)]] = Field(default={})
    path: str = "/v1/"
    seed: int = 0
    slow_seconds: float = Field(default=2.0, ge=0)


class Chance:
    """Says on each occasion whether a fault is due.

    Attributes:
        faults: as they were set.
    """

    def __init__(self, faults: Faults) -> None:
        """Begin with these faults."""
        self._lock = Lock()
        self.set(faults)

    def set(self, faults: Faults) -> None:
        """Let these faults take the place of the former ones."""
        with self._lock:
            self.faults, self._left = faults, dict(faults.next)
            self._draws = random.Random(faults.seed)

    def due(self, fault: Fault) -> bool:
        """Whether it happens now."""
        with self._lock:
            if self._left.get(fault, 0):
                self._left[fault] -= 1
                return True
            rate = self.faults.rates.get(fault, 0.0)
            return rate > 0 and self._draws.random() < rate

    def delivery(self, path: str) -> Delivery | None:
        """What happens to this request or to its answer, if anything does."""
        if not path.startswith(self.faults.path):
            return None
        return next((fault for fault in DELIVERIES if self.due(fault)), None)


def faults_of(content: bytes) -> Faults:
    """What a document asks for.

    Raises:
        RefusedError: it is no document of faults.
    """
    try:
        return Faults.model_validate_json(content)
    except ValidationError as failure:
        raise malformed(failure) from None


def read_faults(file: Path) -> Faults:
    """What a file asks for.

    Raises:
        ConfigError: it is no document of faults.
    """
    try:
        return Faults.model_validate_json(file.read_bytes())
    except ValidationError as failure:
        (first, *_) = failure.errors(include_url=False)
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{file}: {where}: {first['msg']} (known: {', '.join(get_args(Fault))}); correct it, "
            "see docs/tiny-server.md"
        ) from None
