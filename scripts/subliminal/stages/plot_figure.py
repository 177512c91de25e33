"""Drawing one figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from subliminal.kinds import KINDS
from subliminal.specs import PlotFigureSpec
from subliminal.tables import whole_file


def plot_figure(spec: PlotFigureSpec, tables: Sequence[Path], svg: Path, html: Path) -> None:
    """Write the figure as SVG, and as a page with values under the pointer and no network.

    Args:
        tables: Parquet files of the experiment, one per table of its kind.
    """
    kind = KINDS[spec.kind]
    chart = kind.figures[spec.figure](kind.tables.read(tables), spec)
    with whole_file(svg) as temporary:
        chart.save(temporary, format="svg")
    with whole_file(html) as temporary:
        chart.save(temporary, format="html", inline=True)
