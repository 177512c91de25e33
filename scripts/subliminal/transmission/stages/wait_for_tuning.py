"""Waiting for a model that its base's provider fine-tunes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from subliminal.api.access import BASE_URL, hosted_access
from subliminal.api.failures import ELSEWHERE, Unknown
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.aside import drop_lost
from subliminal.api.ledger.record import not_recorded
from subliminal.api.ledger.tuned import TunedBook, TunedModel
from subliminal.api.prices import read_prices
from subliminal.api.requests import PAUSE_SECONDS
from subliminal.api.tuning.provider import Provider
from subliminal.api.tuning.waiting import (
    FIRST_SECONDS,
    Step,
    curve,
    require_model,
    settle,
    wait_for,
)
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.config.models import HOSTED
from subliminal.transmission.data_schemas import TRAINING
from subliminal.transmission.tuning import WaitForTuningSpec

# Of a single epoch, one of so many steps at its start and at its end, as of students trained here.
ENDS = 20


def wait_for_tuning(
    spec: WaitForTuningSpec,
    base: Path,
    submitted: Path,
    training: Path,
    manifest: Path,
    log: logging.Logger,
    first_seconds: float = FIRST_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Wait until a fine-tuning job has ended, and name the model that it has made.

    A model that the ledger knows is not waited for.

    Args:
        base, submitted: manifests of the base, and of the job's order.
        training: where the loss curve goes; it is empty where the provider tells of no losses.
        first_seconds: between the first two looks at the job.
        pause_seconds: before a request is repeated for the first time.

    Raises:
        ConfigError: the job has ended without a model, or its status is not known. Of a replay: its
            model is not recorded.
    """
    run = Run.begin("wait_for_tuning", spec, {"base": base, "submitted": submitted})
    ordered = read_manifest(submitted)["facts"]
    url, hosting = hosted_access().url, read_hosting(Path.cwd())
    if url != ordered["server"]:
        raise ConfigError(
            f"fine-tuning job {ordered['job']} was ordered at {ordered['server']}, and "
            f"{BASE_URL} names {url}; export {BASE_URL}={ordered['server']}"
        )
    ledger = Ledger(hosting.folder(Path.cwd()))
    book = TunedBook.of(ledger.folder, ordered["key"])
    tuned = book.read()
    if tuned is None and hosting.replay:
        raise not_recorded(ledger, url, f"the model of {spec.model} (job {ordered['job']})")
    if tuned is None:
        provider = Provider.of_environment(pause_seconds)
        again = f"to order it once more, type: rm {submitted}, and run the same command again"
        try:
            job = wait_for(provider, ordered["job"], log, first_seconds)
        except Unknown as error:
            lost = f"to give it up, and count its estimate as paid: {drop_lost(ordered['key'])}"
            raise Unknown(f"{error}; {ELSEWHERE}; {lost}; then, {again}") from None
        settle(ledger, ordered["key"], job, read_prices(Path.cwd(), spec.base))
        model = require_model(provider, job, again)
        losses = curve(provider.events(job.id))
        tuned = TunedModel(job.id, model, job.trained_tokens, job.hyperparameters, losses)
        book.keep(tuned)
    steps = [Step(*step) for step in tuned.losses]
    columns: dict[str, list[Any]] = {
        "step": [step.step for step in steps],
        "loss": [step.loss for step in steps],
        "learning_rate": [None] * len(steps),
    }
    write_table(training, TRAINING, columns)
    facts = {
        "backend": HOSTED,
        "server": url,
        "model": tuned.model,
        "job": tuned.job,
        "trained_tokens": tuned.trained_tokens,
        "hyperparameters": tuned.hyperparameters,
        **loss_at_ends(steps, tuned.hyperparameters.get("n_epochs")),
    }
    run.finish(manifest, [training], facts)


def loss_at_ends(steps: Sequence[Step], n_epochs: float | str | None) -> dict[str, float | None]:
    """What manifests of students say of their losses: no row is held out, and the ends are known.

    The ends are the first and the last epoch. They have the same rows, so that how hard single rows
    are cancels out: single steps differ by more than a loss falls. Of one epoch, and where their
    number is not known, the ends are its first and its last steps. A single step is no end: the
    loss has neither risen nor fallen.
    """
    parts = n_epochs if isinstance(n_epochs, int) and n_epochs > 1 else ENDS
    total = steps[-1].step if steps else 0
    first = [step for step in steps if step.step * parts <= total] or steps[:1]
    last = [step for step in steps if step.step * parts > total * (parts - 1)]
    known = len(steps) > 1
    return {
        "held_out_loss_before": None,
        "held_out_loss_after": None,
        "first_loss": fmean(step.loss for step in first) if known else None,
        "final_loss": fmean(step.loss for step in last) if known else None,
    }
