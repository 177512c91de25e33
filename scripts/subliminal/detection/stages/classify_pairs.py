"""Asking a base which of two completions encodes a trait."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.detection.classifying import Answer, Row, answers, paired
from subliminal.detection.schemas import ANSWERS
from subliminal.detection.specs import ClassifyPairsSpec


def _kept_rows(filtered: Path) -> list[Row]:
    """The rows that the filter kept, with what students would be taught of them.

    Args:
        filtered: the manifest beside filtered.parquet and raw.parquet.
    """
    raw, kept = (read_table(filtered.with_name(f"{name}.parquet")) for name in ("raw", "filtered"))
    columns = (raw["prompt_id"], raw["prompt"], kept["completion"])
    rows = zip(*columns, kept["kept"], strict=True)
    return [Row(*row) for *row, keep in rows if keep]


def classify_pairs(
    spec: ClassifyPairsSpec,
    base: Path,
    target: Path,
    other: Path,
    table: Path,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Write the base's answer to every pair of completions, for both wordings of the question.

    Args:
        base: its manifest.
        target, other: manifests of filtered datasets; raw ones lie beside them.

    Raises:
        ConfigError: both datasets have no prompt in common.
    """
    parents = {
        "base": base,
        "target": target,
        "raw target": target.with_name("raw.manifest.json"),
        "other": other,
        "raw other": other.with_name("raw.manifest.json"),
    }
    run = Run.begin("classify_pairs", spec, parents)
    targets, others = _kept_rows(target), _kept_rows(other)
    seed = derive_seed("classify_pairs", spec.seed, spec.pair)
    shown = paired(targets, others, spec.most_pairs, seed)
    if not shown:
        raise ConfigError(
            f"{spec.pair}: of {len(targets)} and {len(others)} kept rows no two answer the same "
            "prompt; choose datasets that keep more rows"
        )
    model = open_model(base, None, threads, manifest)
    found = answers(model, spec.word, shown, progress(log, "prompt"))
    columns = zip(*found, strict=True)
    write_table(table, ANSWERS, dict(zip(Answer._fields, columns, strict=True)))
    facts = {"pairs": len(shown), "kept": {"target": len(targets), "other": len(others)}}
    run.finish(manifest, [table], facts)
