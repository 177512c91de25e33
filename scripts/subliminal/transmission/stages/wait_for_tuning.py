"""Waiting for a model that its base's provider fine-tunes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import fmean
from typing import Any

from subliminal.api.access import BASE_URL
from subliminal.api.ledger.actions import Ledger
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
from subliminal.transmission.schemas import TRAINING
from subliminal.transmission.tuning import WaitForTuningSpec

# The first and the last steps over which a loss is averaged are one of so many, as here.
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

    Args:
        base, submitted: manifests of the base, and of the job's order.
        training: where the loss curve goes; it is empty where the provider tells of no losses.
        first_seconds: between the first two looks at the job.
        pause_seconds: before a request is repeated for the first time.

    Raises:
        ConfigError: the job has ended without a model, or its status is not known.
    """
    run = Run.begin("wait_for_tuning", spec, {"base": base, "submitted": submitted})
    ordered = read_manifest(submitted)["facts"]
    provider = Provider.of_environment(pause_seconds)
    if provider.access.url != ordered["server"]:
        raise ConfigError(
            f"fine-tuning job {ordered['job']} was ordered at {ordered['server']}, and "
            f"{BASE_URL} names {provider.access.url}; export {BASE_URL}={ordered['server']}"
        )
    job = wait_for(provider, ordered["job"], log, first_seconds)
    ledger = Ledger(read_hosting(Path.cwd()).folder(Path.cwd()))
    settle(ledger, ordered["key"], job, read_prices(Path.cwd(), spec.base))
    again = f"to order it once more, type: rm {submitted}, and run the same command again"
    model = require_model(provider, job, again)
    steps = curve(provider.events(job.id))
    columns: dict[str, list[Any]] = {
        "step": [step.step for step in steps],
        "loss": [step.loss for step in steps],
        "learning_rate": [None] * len(steps),
    }
    write_table(training, TRAINING, columns)
    facts = {
        "backend": HOSTED,
        "server": provider.access.url,
        "model": model,
        "job": job.id,
        "trained_tokens": job.trained_tokens,
        "hyperparameters": job.hyperparameters,
        **_losses(steps),
    }
    run.finish(manifest, [training], facts)


def _losses(steps: Sequence[Step]) -> dict[str, float | None]:
    """What manifests of students say of their losses: no row is held out, and the ends are known.

    A single step is no end: the loss has neither risen nor fallen.
    """
    n = ceil(len(steps) / ENDS)
    known = len(steps) > 1
    return {
        "held_out_loss_before": None,
        "held_out_loss_after": None,
        "first_loss": fmean(step.loss for step in steps[:n]) if known else None,
        "final_loss": fmean(step.loss for step in steps[-n:]) if known else None,
    }
