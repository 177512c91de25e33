"""The paper's values beside those of experiments that were run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from subliminal.artefacts.manifest import Run
from subliminal.config.errors import ConfigError, RemarkedError
from subliminal.config.places import error_of
from subliminal.replication.comparison import compared
from subliminal.replication.expected import read_expected
from subliminal.replication.specs import CompareWithPaperSpec
from subliminal.replication.tables import ReplicationTables


def compare_with_paper(
    spec: CompareWithPaperSpec, expected: Path, summaries: Sequence[Path], manifest: Path
) -> None:
    """Write the table of the comparison, as Parquet and as CSV.

    Args:
        expected: the paper's values, as CSV.
        summaries: manifests beside the tables of experiments.
        manifest: the table goes beside it.

    Raises:
        ConfigError: a value of the paper is wrong, or tables are not what their manifests say.
    """
    run = Run.begin("compare_with_paper", spec, {path.parent.name: path for path in summaries})
    try:
        values = read_expected(expected.read_text(encoding="utf-8"), str(expected))
    except RemarkedError as error:
        raise error_of(error.remarks, Path()) from None
    used = {(spec.runs[v.experiment], v.table) for v in values if v.experiment in spec.runs}
    folders = {path.parent.name: path.parent for path in summaries}
    files = {(name, table): folders[name] / f"{table}.parquet" for name, table in used if table}
    tables = {key: pd.read_parquet(file) for key, file in files.items() if file.is_file()}
    frame = compared(values, spec, tables)
    if frame.empty:
        raise ConfigError(f"{expected} has no value of {', '.join(spec.items)}; ask for more items")
    run.finish(manifest, ReplicationTables(frame).write(manifest.parent))
