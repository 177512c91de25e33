"""Ordering a fine-tuning job once, whatever happens in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from subliminal.api.ledger.actions import Action, Ledger
from subliminal.api.ledger.answers import digest
from subliminal.api.ledger.aside import LOST
from subliminal.api.ordering import GRACE_SECONDS, Desk, Ordered, Wanted
from subliminal.api.tuning.job import WITHOUT_A_MODEL, TuningJob
from subliminal.api.tuning.provider import Provider
from subliminal.config.hosting import Hosting

LOCKS = "tuning"


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

    def keys(self, url: str) -> Callable[[int], str]:
        """Those of its actions in the ledger, by the number of the attempt.

        Args:
            url: of the server.
        """
        parts = [url, self.model, self.hyperparameters, self.sha256, self.artefact]
        return lambda attempt: digest([*parts, attempt])


def in_vain(action: Action) -> bool:
    """Whether an order has ended without a model, so that another one is due."""
    return action.state == "dropped" or action.facts.get("status") in (*WITHOUT_A_MODEL, LOST)


@dataclass(frozen=True)
class Submission:
    """Where fine-tuning jobs are ordered, and where that is written down.

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

        Args:
            content: the training file; orders with the same rows share it.

        Raises:
            ConfigError: it may not be paid, or the server does not take it.
        """
        provider, locks = self.provider, self.ledger.folder / LOCKS
        url = provider.access.url
        method = {"type": "supervised", "supervised": {"hyperparameters": order.hyperparameters}}

        def prepare() -> dict[str, Any]:
            file = provider.files.uploaded(content, locks, self.log)
            return {"model": order.model, "training_file": file, "method": method}

        desk: Desk[TuningJob] = Desk(
            "fine-tuning job",
            provider.requests,
            provider.jobs_of,
            self.ledger,
            self.hosting,
            self.log,
            self.grace,
        )
        wanted = Wanted(
            key=order.keys(url),
            kind="tuning",
            about=order.artefact,
            usd=order.usd,
            facts={"server": url},
            in_vain=in_vain,
            prepare=prepare,
            send=provider.order,
        )
        return desk.submit(wanted, LOCKS)
