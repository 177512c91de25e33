"""Put what was found, figures, tables, methods and provenance on one page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.provenance import ancestry, described_stages, described_versions
from subliminal.report.page import Chapter, inline_figures, render, rst_to_html, shown
from subliminal.report.specs import BuildReportSpec, ExperimentTextSpec


def _chapter(
    text: ExperimentTextSpec,
    folder: Path,
    figures: dict[tuple[str, str], str],
    captions: dict[str, str],
) -> Chapter:
    kind = shown(text.kind)
    tables = kind.tables.read(folder / f"{name}.parquet" for name in kind.tables.names())
    svgs = {name: figures[text.name, name] for name in text.figures}
    return Chapter(
        text=text,
        findings=kind.findings(tables, text),
        figures=inline_figures(text, svgs, captions),
        tables=kind.report_tables(tables, text),
    )


def build_report(
    spec: BuildReportSpec,
    summaries: Sequence[Path],
    figures: Sequence[Path],
    captions: Sequence[Path],
    methods: Path,
    template: Path,
    report: Path,
    manifest: Path,
) -> None:
    """Write the report.

    Args:
        summaries: manifests beside the tables, in `results/tables/{experiment}/`.
        figures: `results/figures/{experiment}/{figure}.svg`.
        captions: `report/{figure}.rst`.
        methods: what was done, in prose.

    Raises:
        ConfigError: tables or figures are not what their manifests say.
    """
    tables = {f"tables of {path.parent.name}": path for path in summaries}
    drawn = {
        f"figure {path.parent.name}/{path.stem}": path.with_suffix(".manifest.json")
        for path in figures
    }
    run = Run.begin("build_report", spec, tables | drawn)
    folders = {path.parent.name: path.parent for path in summaries}
    svgs = {(path.parent.name, path.stem): path.read_text(encoding="utf-8") for path in figures}
    prose = {path.stem: path.read_text(encoding="utf-8") for path in captions}
    chapters = [_chapter(text, folders[text.name], svgs, prose) for text in spec.experiments]
    manifests = ancestry(summaries)
    page = render(
        template.read_text(encoding="utf-8"),
        chapters=chapters,
        methods=rst_to_html(methods.read_text(encoding="utf-8"), heading_level=3),
        stages=described_stages(manifests),
        versions=described_versions(manifests),
    )
    with whole_file(report) as temporary:
        temporary.write_text(page, encoding="utf-8")
    run.finish(manifest, [report])
