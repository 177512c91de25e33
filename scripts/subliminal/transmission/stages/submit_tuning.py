"""Ordering a fine-tuning job of a base's provider."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.api.access import hosted_access
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ordering import GRACE_SECONDS
from subliminal.api.prices import FILE, read_prices
from subliminal.api.requests import PAUSE_SECONDS
from subliminal.api.tuning.provider import Provider
from subliminal.api.tuning.recorded import recorded_order
from subliminal.api.tuning.submission import Order, Submission
from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.transmission.tuning import SubmitTuningSpec


def submit_tuning(
    spec: SubmitTuningSpec,
    file: Path,
    checked: Path,
    base: Path,
    manifest: Path,
    log: logging.Logger,
    grace_seconds: float = GRACE_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Order a fine-tuning job, once: a job that was ordered before is taken.

    Args:
        file: the training file.
        checked, base: manifests of its check and of the base.
        manifest: names the job.
        grace_seconds: the time in which a job shows whose order may have been lost.
        pause_seconds: before a request is repeated for the first time.

    Raises:
        ConfigError: it may not be paid, there is no key, or the provider does not take it. Of a
            replay: it is not recorded.
    """
    parents = {"file": file.with_suffix(".manifest.json"), "checked": checked, "base": base}
    run = Run.begin("submit_tuning", spec, parents)
    hosting = read_hosting(Path.cwd())
    ledger, place = Ledger(hosting.folder(Path.cwd())), hosted_access()
    # What was paid already is not priced again.
    price = 0.0 if hosting.replay else _training_price(spec.base)
    order = Order(
        model=read_manifest(base)["facts"]["snapshot"],
        hyperparameters=spec.tuning.model_dump(mode="json"),
        sha256=file_sha256(file),
        artefact=spec.model,
        usd=read_manifest(checked)["facts"]["billed_tokens"] * price / 1e6,
    )
    if hosting.replay:
        job, key = recorded_order(order, place.url, ledger)
    else:
        provider = Provider.of_environment(pause_seconds)
        desk = Submission(provider, ledger, hosting, log, grace_seconds)
        job, key = desk.submit(order, file.read_bytes())
    run.finish(manifest, [], {"server": place.url, "job": job, "key": key})


def _training_price(base: str) -> float:
    """USD per million tokens.

    Raises:
        ConfigError: nobody has written it down.
    """
    prices = read_prices(Path.cwd(), base)
    if prices is None or prices.training is None:
        raise ConfigError(
            f"{FILE}: {base}: prices: training is not known, and without it nobody can say "
            "what the job costs; add it (0 for a server that takes nothing)"
        )
    return prices.training
