"""The tables of a theorem experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.theorem.specs import SummariseTheoremSpec
from subliminal.theorem.tables import TheoremTables


def summarise_theorem(spec: SummariseTheoremSpec, parts: Sequence[Path], manifest: Path) -> None:
    """Put the tables of both parts beside one another, as Parquet and as CSV.

    Args:
        parts: manifests beside the tables.
        manifest: the tables go beside it.
    """
    run = Run.begin("summarise_theorem", spec, {part.parent.name: part for part in parts})
    found = [path for part in parts for path in sorted(part.parent.glob("*.parquet"))]
    written = TheoremTables.read(found).write(manifest.parent)
    run.finish(manifest, written)
