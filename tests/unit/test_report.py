"""The report holds every figure, caption and table, and loads nothing."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_fixture
from docutils.utils import SystemMessage
from jinja2 import UndefinedError
from manifests import write_manifest

from subliminal.artefacts.provenance import ancestry, described_stages, described_versions
from subliminal.report.findings import Finding, Statement
from subliminal.report.page import inline_svg, marks_in_words, render, rst_to_html
from subliminal.report.specs import BuildReportSpec, ExperimentTextSpec
from subliminal.transmission.checks import FIGURES
from subliminal.transmission.shown import SHOWN
from subliminal.workflow.results_page import Computed, results_page
from subliminal.workflow.stages.build_report import build_report

PROSE = Path(__file__).parents[2] / "report"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="700" height="30" viewBox="0 0 700 30">'
    '<defs><clipPath id="clip0"/></defs><g clip-path="url(#clip0)"><text>{name}</text></g></svg>'
)


class Page(HTMLParser):
    """What a browser would load, the ids, and how tags nest."""

    VOID = ("meta", "input", "link", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.loads, self.ids, self.links, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loads += [found[name] for name in ("src", "srcset", "data") if name in found]
        if tag in ("link", "use", "image"):
            self.loads += [found.get("href"), found.get("xlink:href")]
        if tag == "a":
            self.links.append(found["href"])
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def laid_out(results, cases):
    """The results of experiments: tables, figures and the manifests behind them."""
    summaries, figures = [], []
    for name, tables in cases.items():
        summaries.append(report_fixture.write_results(tables, results / name, name))
        folder = results / "figures" / name
        folder.mkdir(parents=True)
        for figure in FIGURES:
            path = folder / f"{figure}.svg"
            path.write_text(SVG.format(name=f"{name} {figure}"))
            write_manifest(path.with_suffix(".manifest.json"), [path])
            figures.append(path)
    return summaries, figures


def built(results, summaries, figures):
    """Their report, as text; of the experiment `tiny` models are organisms."""
    spec = BuildReportSpec(
        experiments=[
            ExperimentTextSpec(
                kind="transmission",
                name=summary.parent.name,
                title=f"<{summary.parent.name}> & co",
                paper="Fig. 4",
                model_organism=summary.parent.name == "tiny",
                figures=FIGURES,
                measure="share",
            )
            for summary in summaries
        ],
    )
    report = results / "report.html"
    build_report(
        spec,
        summaries,
        figures,
        [PROSE / f"{figure}.rst" for figure in FIGURES],
        PROSE / "workflow.rst",
        PROSE / "template.html.j2",
        PROSE / "style.css",
        PROSE / "script.js",
        report,
        results / "report.manifest.json",
    )
    return report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report of two experiments, one of which has almost nothing."""
    results = tmp_path_factory.mktemp("results")
    cases = {"tiny": report_fixture.full(), "poor": report_fixture.single_trait()}
    return built(results, *laid_out(results, cases))


def test_every_figure_is_there_with_its_caption(page):
    for name in ("tiny", "poor"):
        for figure in FIGURES:
            assert f"<text>{name} {figure}</text>" in page
    captions = [
        re.search(r"\*\*(.+?)\*\*", (PROSE / f"{figure}.rst").read_text(), re.DOTALL).group(1)
        for figure in FIGURES
    ]
    for caption in captions:
        assert page.count(" ".join(caption.split())) == 2


def test_nothing_is_loaded_and_tags_nest(page):
    parsed = Page(page)
    assert parsed.loads == []
    assert parsed.open == []
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert {link for link in parsed.links if link.startswith("http")} == {
        "https://doi.org/10.1038/s41586-026-10319-8"
    }
    assert {link for link in parsed.links if not link.startswith(("#", "http"))} == {
        f"figures/{name}/{figure}.{kind}"
        for name in ("tiny", "poor")
        for figure in FIGURES
        for kind in ("svg", "png", "pdf", "html")
    }


def test_ids_are_unique_and_links_lead_somewhere(page):
    parsed = Page(page)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_figures_have_one_numbering(page):
    numbers = re.findall(r">Figure (\d+)</strong>", page)
    assert numbers == [str(number + 1) for number in range(2 * len(FIGURES))]


def test_marks_are_told_in_words_and_a_figures_own_sheet_is_dropped():
    svg = SVG.format(name="x").replace(
        "<defs>",
        '<rect width="700" height="30" fill="white"/><g aria-label="X-axis"/>'
        '<path aria-label="owl: &lt;0.9&gt;" role="graphics-symbol"/>'
        '<path aria-label="owl: &lt;0.9&gt;" role="graphics-symbol"/><defs>',
    )
    assert marks_in_words(svg) == ["owl: <0.9>"]
    assert 'fill="white"' not in inline_svg(svg, "a", "b")


def test_figures_do_not_share_clip_paths(page):
    assert 'id="tiny-bases-clip0"' in page
    assert "url(#poor-channel-clip0)" in page
    assert 'id="clip0"' not in page


def test_findings_come_before_figures_before_tables_before_methods(page):
    marks = [
        'id="tiny-figure-',
        "3, &lt;4&gt;",
        "4 of 4 confirmation",
        'id="tiny-figures"',
        'id="tiny-tables"',
        'id="methods"',
        'id="provenance"',
    ]
    places = [page.index(mark) for mark in marks]
    assert places == sorted(places)


def test_text_is_escaped(page):
    assert "&lt;tiny&gt; &amp; co" in page
    assert "<tiny>" not in page


def test_model_organisms_are_marked_beside_every_figure(page):
    poor = page.index('id="poor-figures"')
    assert page[: page.index('id="tiny-tables"')].count(">model organism<") == 1 + len(FIGURES)
    assert ">model organism<" not in page[poor : page.index('id="methods"')]


def test_transmission_table_holds_every_verdict(page):
    rows = report_fixture.full().transmission.query("condition == 'trait' and primary")
    table = page[page.index('id="tiny-tables"') : page.index('id="poor-figures"')]
    for verdict, count in rows["verdict"].value_counts().items():
        assert table.count(f">{verdict}</td>") == count
    owl = rows[rows["trait"] == "owl"].iloc[0]
    expected = f"{owl['mean']:.2f} [{owl.low:.2f}, {owl.high:.2f}]"
    assert f"<td>{expected}</td><td>{owl.base_mean:.2f}</td>" in table


@pytest.mark.parametrize("case", report_fixture.CASES)
def test_every_row_of_a_table_is_as_long_as_its_head(case):
    shown = SHOWN.report_tables(report_fixture.CASES[case](), report_fixture.text())
    assert all(len(row) == len(table.head) for table in shown for row in table.rows)
    assert all(len(table.kinds) == len(table.rows) for table in shown)


def test_provenance_counts_shared_ancestors_once(tmp_path):
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path, "tiny")
    stages = described_stages(ancestry([summary, summary]))
    assert [(s.stage, s.jobs, s.seconds, s.peak_memory_mb) for s in stages] == [
        ("pretrain_base", 1, 250.0, 800),
        ("train_student", 3, 91.5, 1102),
        ("summarise_experiment", 1, 2.0, 300),
    ]
    assert described_versions(ancestry([summary])).packages["torch"] == ["2.13.0"]


NEW_KEYS = ("processor", "instruction_set", "threads", "blas")


def _rewrite(path, changes, without=()):
    """Change what the manifest tells of its run."""
    content = json.loads(path.read_text())
    run = content["run"] | changes
    content["run"] = {key: value for key, value in run.items() if key not in without}
    path.write_text(json.dumps(content))


def _origin(summary):
    return results_page([Computed.read(report_fixture.text(), summary.parent)])


def test_processors_are_told_with_their_instruction_sets(tmp_path, page):
    assert "torch used: Some Processor (AVX2)." in page
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path, "tiny")
    assert "on cpu (x86_64), instruction set AVX2; commit" in _origin(summary)
    _rewrite(tmp_path / "students/0/manifest.json", {"instruction_set": "AVX512"})
    _rewrite(tmp_path / "students/1/manifest.json", {"processor": "Another"})
    _rewrite(summary, {"processor": "Light"}, without=NEW_KEYS[1:])
    assert described_versions(ancestry([summary])).processors == {
        "Another": ["AVX2"],
        "Light": [],
        "Some Processor": ["AVX2", "AVX512"],
    }
    assert "on cpu (x86_64), instruction sets AVX2 and AVX512; commit" in _origin(summary)


def test_manifests_of_older_versions_tell_no_processor(tmp_path):
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path, "tiny")
    for path in ancestry([summary]):
        _rewrite(path, {}, without=NEW_KEYS)
    versions = described_versions(ancestry([summary]))
    assert versions.processors == {}
    assert "on cpu (x86_64); commit" in _origin(summary)
    _, figures = laid_out(tmp_path / "other", {"tiny": report_fixture.single_trait()})
    assert "torch used: not recorded." in built(tmp_path, [summary], figures)


def test_a_report_tells_who_answered_for_hosted_models(tmp_path, page):
    assert "make ledger" not in page
    summaries, figures = laid_out(tmp_path, {"tiny": report_fixture.single_trait()})
    (summary,) = summaries
    run = json.loads(summary.read_text())["run"]
    place = {"server": "https://their.example/v1"}
    told = {
        "submit_tuning": place,
        "wait_for_tuning": place | {"model": "ft:snapshot:one"},
        "evaluate_model": place | {"model": "ft:snapshot:one"},
        "sample_completions": place | {"model": "snapshot-2025"},
    }
    made = {
        stage: write_manifest(tmp_path / f"{stage}.json", stage=stage, facts=facts, run=run)
        for stage, facts in told.items()
    }
    outputs = [path for path in summary.parent.iterdir() if path != summary]
    write_manifest(summary, outputs, made, stage="summarise_experiment", run=run)
    said = built(tmp_path, summaries, figures)
    told_of = "<code>snapshot-2025</code> at <code>https://their.example/v1</code>"
    assert told_of in said and "ft:snapshot" not in said and "make ledger" in said


def test_provenance_survives_a_deleted_ancestor(tmp_path):
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path, "tiny")
    (tmp_path / "models/tiny-a/manifest.json").unlink()
    assert [s.stage for s in described_stages(ancestry([summary]))] == [
        "train_student",
        "summarise_experiment",
    ]


# figure.rst is Snakemake's template, into which it puts a figure's caption.
@pytest.mark.parametrize(
    "path", sorted({*PROSE.glob("*.rst")} - {PROSE / "figure.rst"}), ids=lambda path: path.stem
)
def test_prose_is_valid_and_free_of_templates(path):
    source = path.read_text(encoding="utf-8")
    assert "<p>" in rst_to_html(source, heading_level=3)
    assert "{{" not in source
    assert "{%" not in source


@pytest.mark.parametrize("figure", FIGURES)
def test_captions_say_how_to_read_the_figure_and_what_it_is(figure):
    source = " ".join((PROSE / f"{figure}.rst").read_text(encoding="utf-8").split())
    for words in ("*How to read it:*", "paper", "fewer than one million parameters", "interval"):
        assert words in source


def test_broken_prose_is_an_error():
    with pytest.raises(SystemMessage):
        rst_to_html("A *broken emphasis.", heading_level=3)


def test_a_template_without_content_is_an_error():
    with pytest.raises(UndefinedError):
        render("{{ nothing }}")


def test_an_inlined_svg_scales():
    svg = inline_svg("<?xml version='1.0'?>\n" + SVG, "a", 'Say "x"')
    assert svg.startswith("<svg")
    assert 'style="max-width:700px"' in svg
    assert 'width="700"' not in svg
    assert 'viewBox="0 0 700 30"' in svg
    assert 'aria-label="Say &#34;x&#34;"' in svg


def test_a_stage_comes_after_what_it_reads_however_deep_others_of_that_stage_lie(tmp_path):
    """Filtered data of a judge lie deeper than filtered data that need none."""
    run = {"seconds": 1.0, "peak_memory_mb": 1, "device": "cpu", "python": "3"}
    run |= {"packages": {}, "git_commit": None}

    def made(name, stage, **parents):
        return write_manifest(
            tmp_path / name / "manifest.json", stage=stage, run=run, parents=parents
        )

    raw = made("raw", "sample")
    shallow = made("shallow", "filter", raw=raw)
    judged = made("judged", "judge", raw=raw)
    deep = made("deep", "filter", raw=raw, judged=judged)
    asked = made("asked", "ask", data=shallow)
    last = made("last", "summarise", asked=asked, data=deep)
    stages = described_stages(ancestry([last]))
    assert [stage.stage for stage in stages] == ["sample", "judge", "filter", "ask", "summarise"]
    assert [stage.reads for stage in stages][2:4] == [["sample", "judge"], ["filter"]]


def test_a_finding_of_many_statements_has_a_line_for_each(tmp_path, monkeypatch):
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path, "tiny")
    many = [Statement(f"item {number}", "So it is.") for number in range(20)]
    found = [Finding("Claims", many), Finding("Few", many[:2])]
    monkeypatch.setattr(Computed, "findings", lambda _: found)
    lines = _origin(summary).splitlines()
    start = lines.index("- **Claims.**")
    assert lines[start + 1 : start + 21] == [f"  - *item {n}*: So it is." for n in range(20)]
    assert lines[start + 21] == "- **Few.** *item 0*: So it is. *item 1*: So it is."
