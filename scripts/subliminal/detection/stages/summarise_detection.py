"""The tables of a detection experiment."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.detection.results import read_tables
from subliminal.detection.specs import SummariseDetectionSpec


def summarise_detection(spec: SummariseDetectionSpec, manifest: Path) -> None:
    """Write every table as Parquet and CSV beside the manifest."""
    parents = {role: Path(manifest) for role, manifest in spec.manifests.items()}
    run = Run.begin("summarise_detection", spec, parents)
    run.finish(manifest, read_tables(spec).write(manifest.parent))
