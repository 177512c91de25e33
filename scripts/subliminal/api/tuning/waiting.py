"""Waiting for a fine-tuning job, and what it leaves behind."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from subliminal.api.ledger.actions import Ledger
from subliminal.api.polling import until_ended
from subliminal.api.tuning.job import SUCCEEDED, UNDER_WAY, TuningJob
from subliminal.api.tuning.provider import Provider
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Prices

# Between the first two looks at a job.
FIRST_SECONDS = 5.0


class Step(NamedTuple):
    """A step of a training, as far as the provider tells of it."""

    step: int
    loss: float


def wait_for(
    provider: Provider, name: str, log: logging.Logger, first_seconds: float = FIRST_SECONDS
) -> TuningJob:
    """The job once it has ended, with or without a model.

    Raises:
        ConfigError: the server does not tell for an hour, or has a status that is not known.
    """

    def ended(job: TuningJob) -> bool:
        job.require_known_status()
        return job.status not in UNDER_WAY

    def news(job: TuningJob) -> str:
        told = ": ".join(filter(None, [job.status, provider.newest_event(name)]))
        return f"fine-tuning job {name}: {told}"

    return until_ended(lambda: provider.job(name), ended, news, log, first_seconds)


def settle(ledger: Ledger, key: str, job: TuningJob, prices: Prices | None) -> None:
    """Write down what an ended job has cost: its tokens, and nothing if it trained on none.

    Args:
        key: of the action; one of another ledger is passed by.
    """
    action = ledger.actions().get(key)
    if action is None or action.state in ("done", "dropped"):
        return
    price = prices.training if prices is not None else None
    usd = None
    if job.trained_tokens is not None and price is not None:
        usd = job.trained_tokens * price / 1e6
    if job.status == SUCCEEDED or job.trained_tokens:
        ledger.change(action, "done", usd, status=job.status)
    else:
        ledger.change(action, "dropped", status=job.status)


def require_model(provider: Provider, job: TuningJob, advice: str) -> str:
    """The fine-tuned model's name.

    Args:
        advice: what to type to order the job once more.

    Raises:
        ConfigError: the job has ended without one.
    """
    if job.status == SUCCEEDED and job.model is not None:
        return job.model
    said = job.error or provider.newest_event(job.id) or "no reason is given"
    raise ConfigError(f"fine-tuning job {job.id} has ended as {job.status!r}: {said}; {advice}")


def curve(events: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The losses that a job has told of, by step; none from a server that tells none."""
    found = {}
    for event in events:
        data = event.get("data")
        if event.get("type") != "metrics" or not isinstance(data, dict):
            continue
        step, loss = data.get("step"), data.get("train_loss")
        if isinstance(step, int) and isinstance(loss, int | float):
            found[step] = Step(step, float(loss))
    return [found[step] for step in sorted(found)]
