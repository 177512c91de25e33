"""Draw one figure of an experiment, as SVG and as a page that stands by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.report.page import shown
from subliminal.report.specs import PlotFigureSpec


def plot_figure(
    spec: PlotFigureSpec, tables: Sequence[Path], svg: Path, html: Path, manifest: Path
) -> None:
    """Write the figure as SVG, and as a page with values under the pointer and no network.

    Args:
        tables: Parquet files of the experiment, one per table of its kind.

    Raises:
        ConfigError: they are not what the manifest beside them says.
    """
    run = Run.begin("plot_figure", spec, {"tables": tables[0].with_name("manifest.json")})
    drawing = import_module(f"subliminal.{spec.kind}.figures.{spec.figure}")
    chart = getattr(drawing, spec.figure)(shown(spec.kind).tables.read(tables), spec)
    with whole_file(svg) as temporary:
        chart.save(temporary, format="svg")
    with whole_file(html) as temporary:
        chart.save(temporary, format="html", inline=True)
    run.finish(manifest, [svg, html])
