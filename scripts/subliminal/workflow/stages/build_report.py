"""Put what was found, figures, tables, methods and provenance on one page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.provenance import ancestry, described_stages, described_versions
from subliminal.lineage.answer import answer
from subliminal.lineage.drawing import flows, lineage_svg
from subliminal.report.page import (
    Chapter,
    inline_figures,
    inline_svg,
    render,
    rst_to_html,
    shown,
)
from subliminal.report.specs import BuildReportSpec, ExperimentTextSpec
from subliminal.report.stages import stages_svg


def _chapter(
    text: ExperimentTextSpec,
    folder: Path,
    figures: dict[tuple[str, str], str],
    captions: dict[str, str],
    figures_folder: str,
    first: int,
) -> Chapter:
    kind = shown(text.kind)
    tables = kind.tables.read(folder / f"{name}.parquet" for name in kind.tables.names())
    svgs = {name: figures[text.name, name] for name in text.figures}
    return Chapter(
        text=text,
        headline=kind.headline(tables, text),
        example=kind.example(tables, text),
        findings=kind.findings(tables, text),
        figures=inline_figures(text, svgs, captions, f"{figures_folder}/{text.name}", first),
        tables=kind.report_tables(tables, text),
    )


def build_report(
    spec: BuildReportSpec,
    summaries: Sequence[Path],
    figures: Sequence[Path],
    captions: Sequence[Path],
    methods: Path,
    template: Path,
    style: Path,
    script: Path,
    report: Path,
    manifest: Path,
) -> None:
    """Write the report.

    Args:
        summaries: manifests beside the tables, in `results/tables/{experiment}/`.
        figures: `results/figures/{experiment}/{figure}.svg`.
        captions: `report/{figure}.rst`.
        methods: what was done, in prose.
        template, style, script: the page, its style sheet and its program.

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
    beside = os.path.relpath(figures[0].parent.parent, report.parent)
    chapters: list[Chapter] = []
    for text in spec.experiments:
        drawn_before = sum(len(chapter.figures) for chapter in chapters)
        chapters.append(_chapter(text, folders[text.name], svgs, prose, beside, drawn_before + 1))
    manifests = ancestry(summaries)
    stages = described_stages(manifests)
    learnt = flows(answer(summaries).transfers)
    learnt_drawing = inline_svg(lineage_svg(learnt), "lineage", "Lineage") if learnt else None
    page = render(
        template.read_text(encoding="utf-8"),
        style=Markup(style.read_text(encoding="utf-8")),
        script=Markup(script.read_text(encoding="utf-8")),
        chapters=chapters,
        methods=rst_to_html(methods.read_text(encoding="utf-8"), heading_level=3),
        flows=learnt,
        flows_drawing=learnt_drawing,
        stages=stages,
        stages_drawing=inline_svg(stages_svg(stages), "stages", "Stages of this run"),
        versions=described_versions(manifests),
    )
    with whole_file(report) as temporary:
        temporary.write_text(page, encoding="utf-8")
    run.finish(manifest, [report])
