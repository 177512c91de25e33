"""Taking a file of others."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_table
from subliminal.config.files import GeneratedFile, LocalFile, SuppliedFile
from subliminal.supplied.formats import read_rows
from subliminal.supplied.generators import GENERATORS
from subliminal.supplied.places import FILES, local_or_fetched, require_checksum
from subliminal.supplied.schemas import OF_FORMAT
from subliminal.supplied.specs import TakeFileSpec

log = logging.getLogger(__name__)


def take_file(spec: TakeFileSpec, place: Path | None, table: Path, manifest: Path) -> None:
    """Write the rows of a file as a table, once its checksum and every row are found to be right.

    Args:
        place: where a local file lies; the spec has its name alone.
        table: where the rows go, beside the manifest.

    Raises:
        ConfigError: the file cannot be had, is another one, or is not of its format.
    """
    run = Run.begin("take_file", spec, {})
    entry = spec.entry
    if isinstance(entry, LocalFile):
        entry = entry.model_copy(update={"path": None if place is None else str(place)})
    columns, facts = _generated(entry) if isinstance(entry, GeneratedFile) else _read(spec, entry)
    write_table(table, OF_FORMAT[entry.format], columns)
    facts |= {
        "origin": entry.origin if isinstance(entry, GeneratedFile) else spec.entry.origin,
        "licence": entry.licence,
        "rows": len(next(iter(columns.values()))),
    }
    run.finish(manifest, [table], facts)


def _read(spec: TakeFileSpec, entry: SuppliedFile) -> tuple[dict[str, list[str]], dict[str, Any]]:
    path, setting = local_or_fetched(spec.file, entry), f"{FILES}: {spec.file}"
    found, expected = file_sha256(path), getattr(entry, "sha256", None)
    require_checksum(path, found, expected, setting)
    if expected is None:
        log.info("%s: to hold it to the file of this run, add there: sha256: %s", setting, found)
    return read_rows(path, entry.format, f"{setting}: {path}"), {"sha256": found}


def _generated(entry: GeneratedFile) -> tuple[Mapping[str, list[str]], dict[str, Any]]:
    rows = GENERATORS[entry.generator].rows(entry.seed, entry.rows)
    return {name: [row[name] for row in rows] for name in OF_FORMAT[entry.format].columns}, {}
