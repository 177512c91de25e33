"""What the paper says beside what experiments gave that were run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from subliminal.artefacts.manifest import Run
from subliminal.config.errors import ConfigError, RemarkedError
from subliminal.config.places import error_of
from subliminal.replication.claims import ClaimPart
from subliminal.replication.comparison import claimed, compared
from subliminal.replication.counterparts import Row, read_rows
from subliminal.replication.expected import Expected
from subliminal.replication.items import itemised
from subliminal.replication.specs import CompareWithPaperSpec
from subliminal.replication.tables import ReplicationTables


def _read(kind: type[Row], file: Path) -> list[Row]:
    try:
        return read_rows(kind, file.read_text(encoding="utf-8"), str(file))
    except RemarkedError as error:
        raise error_of(error.remarks, Path()) from None


def compare_with_paper(
    spec: CompareWithPaperSpec,
    claims: Path,
    expected: Path,
    summaries: Sequence[Path],
    manifest: Path,
) -> None:
    """Write the tables of the comparison, as Parquet and as CSV.

    Args:
        claims, expected: the paper's claims and values, as CSV.
        summaries: manifests beside the tables of experiments.
        manifest: the tables go beside it.

    Raises:
        ConfigError: a claim or value of the paper is wrong, or tables are not what their manifests
            say.
    """
    run = Run.begin("compare_with_paper", spec, {path.parent.name: path for path in summaries})
    parts, values = _read(ClaimPart, claims), _read(Expected, expected)
    used = {
        (spec.runs[w.experiment], w.table) for w in (*parts, *values) if w.experiment in spec.runs
    }
    folders = {path.parent.name: path.parent for path in summaries}
    files = {(name, table): folders[name] / f"{table}.parquet" for name, table in used if table}
    tables = {key: pd.read_parquet(file) for key, file in files.items() if file.is_file()}
    of_claims, of_values = claimed(parts, spec, tables), compared(values, spec, tables)
    if of_claims.empty and of_values.empty:
        items = ", ".join(item.name for item in spec.items)
        raise ConfigError(f"{claims} and {expected} have nothing about {items}; ask for more items")
    whole = itemised(spec.items, of_claims, of_values)
    found = ReplicationTables(items=whole, claims=of_claims, paper=of_values)
    run.finish(manifest, found.write(manifest.parent))
