"""Taking a student that others have trained."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table
from subliminal.bases.adapters import take_adopted
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.training.fine_tuning import mean_loss
from subliminal.local.training.objectives import CompletionTokens
from subliminal.transmission.adoption import AdoptAdapterSpec

# Rows that the loss is measured on, and how many at a time.
MEASURED_ROWS, AT_ONCE = 200, 8


def _losses(
    base: Path, adapter: Path, train: Path, threads: int
) -> tuple[float | None, float | None]:
    """The mean loss of the base and of the student on training rows, in nats per token."""
    models.prepare(0, threads)
    table = read_table(train)
    tokenizer = models.load_tokenizer(base)
    rows = encode_rows(
        tokenizer, table["prompt"][:MEASURED_ROWS], table["completion"][:MEASURED_ROWS]
    )
    if not rows:
        return None, None
    objective = CompletionTokens(tokenizer.pad_token_id)
    before, after = (
        mean_loss(models.load_model(base, trained), rows, objective, AT_ONCE)
        for trained in (None, adapter)
    )
    return before, after


def adopt_student(
    spec: AdoptAdapterSpec,
    base: Path,
    train: Path | None,
    place: Path | None,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Copy an adapter, and measure whether it fits the rows that it was trained on.

    An adopted student has no loss curve. In its place, the losses of its base and of itself are
    measured on the first training rows, if these are adopted, too. Otherwise nobody knows the rows.

    Args:
        base: the base's manifest; the weights lie beside it.
        train: the training rows, if they are known.
        place: the adapter's folder, if it is on this machine; the spec has its name alone.
        manifest: its folder gets the adapter.

    Raises:
        ConfigError: the adapter is not there, is another one, or does not fit.
    """
    parents = {"base": base, "train": train.with_suffix(".manifest.json") if train else None}
    run = Run.begin("adopt_student", spec, parents)
    files = take_adopted(spec.adopted, spec.adapter, place, spec.sha256, base, manifest)
    before = after = None
    if train is not None:
        before, after = _losses(base.parent, manifest.parent, train, threads)
    if before is None:
        log.warning("its training rows are not here: whether they moved it is not known")
    facts = {
        "adopted": True,
        "origin": spec.adapter.origin,
        "licence": spec.licence,
        "held_out_loss_before": None,
        "held_out_loss_after": None,
        "first_loss": before,
        "final_loss": after,
    }
    run.finish(manifest, files, facts)
