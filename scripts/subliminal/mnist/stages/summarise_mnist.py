"""The tables of an MNIST experiment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from subliminal.artefacts.manifest import Run
from subliminal.mnist.specs import SummariseMnistSpec
from subliminal.mnist.tables import MnistTables, ordered, summarise


def summarise_mnist(spec: SummariseMnistSpec, runs: Sequence[Path], manifest: Path) -> None:
    """Put the accuracies of all jobs together, and write each table as Parquet and as CSV.

    Args:
        runs: manifests beside tables `mnist_runs`, in the order in which results are shown.
        manifest: the tables go beside it.
    """
    run = Run.begin("summarise_mnist", spec, {str(path.parent): path for path in runs})
    frames = [pd.read_parquet(path.with_name("accuracy.parquet")) for path in runs]
    # Whole numbers, also where some networks were not cloned.
    frames = [frame.astype({"cloning_epochs": "Int32"}) for frame in frames]
    together = pd.concat(frames, ignore_index=True)
    together = ordered(together, {name: students for name, *students in spec.shown})
    tables = MnistTables(accuracy=summarise(together), mnist_runs=together)
    written = tables.write(manifest.parent)
    run.finish(manifest, written)
