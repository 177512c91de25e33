"""Draw one figure of an experiment: as a picture in three formats, and as a page by itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import vl_convert

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.report.page import shown
from subliminal.report.specs import PlotFigureSpec

# Pixels of the PNG for one of the SVG.
SCALE = 2


def plot_figure(
    spec: PlotFigureSpec,
    tables: Sequence[Path],
    svg: Path,
    png: Path,
    pdf: Path,
    html: Path,
    manifest: Path,
) -> None:
    """Write the figure as SVG, PNG and PDF, and as a page with values under the pointer.

    Nothing of it needs a network.

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
    drawn = svg.read_text(encoding="utf-8")
    with whole_file(png) as temporary:
        temporary.write_bytes(vl_convert.svg_to_png(drawn, scale=SCALE))
    with whole_file(pdf) as temporary:
        temporary.write_bytes(vl_convert.svg_to_pdf(drawn))
    with whole_file(html) as temporary:
        chart.save(temporary, format="html", inline=True)
    # Not the PDF: the converter embeds fonts in any order, so that its bytes differ each time.
    run.finish(manifest, [svg, png, html])
