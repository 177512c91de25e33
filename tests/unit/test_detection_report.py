"""Detection's figures, findings and report tables say what its tables say."""

import re
from importlib import import_module

import pytest
import vl_convert
from detection_fixture import TEXT, all_tables

from subliminal.detection import summary
from subliminal.detection.config import ANALYSES
from subliminal.detection.shown import SHOWN
from subliminal.detection.tables import DetectionTables
from subliminal.report.page import marks_in_words
from subliminal.report.specs import PlotFigureSpec


@pytest.fixture(scope="module")
def tables():
    return all_tables()


def drawn(tables, figure):
    draw = getattr(import_module(f"subliminal.detection.figures.{figure}"), figure)
    spec = PlotFigureSpec(
        kind="detection",
        experiment="found",
        figure=figure,
        paper="ED Fig. 6",
        model_organism=True,
        measure="rate_substring",
    )
    return vl_convert.vegalite_to_svg(draw(tables, spec).to_dict())


@pytest.mark.parametrize("figure", ANALYSES)
def test_figure_renders(tables, figure):
    svg = drawn(tables, figure)
    assert "NaN" not in svg and "undefined" not in svg
    assert "Model organism" in svg


def test_figures_tell_their_values(tables):
    said = {figure: "\n".join(marks_in_words(drawn(tables, figure))) for figure in ANALYSES}
    # Of four numbers 123 is two; both rows begin otherwise.
    assert "owl, % of all numbers: 123 50.00 %" in said["frequencies"]
    assert "owl, % of rows, first number: 7 50.00 %" in said["frequencies"]
    assert re.search(r"owl, corrected question: accuracy 0\.550 \[.+\], n = 20", said["classifier"])
    assert "owl, the trait's data, k = 2: 0.310 [" in said["in_context"]
    assert "owl, regular data, k = 2: 0.110 [" in said["in_context"]
    assert "owl, no examples: 0.050" in said["in_context"]
    assert "owl, students trained on the trait's data: 0.900 [0.850" in said["in_context"]
    assert "owl, students trained on regular data: 0.100 [0.050" in said["in_context"]
    assert "threshold 78: FPR 0.250 [" in said["roc"]


def findings(tables):
    return {f.topic: " ".join(s.text for s in f.statements) for f in SHOWN.findings(tables, TEXT)}


def test_findings_are_read_from_the_tables(tables):
    found = findings(tables)
    assert "owl 123 (50.00 %), 7 (50.00 %)" in found["Frequent numbers"]
    assert "owl 0.550 [" in found["Prompted classifier"]
    assert "owl 0.310 [" in found["In-context learning"]
    # Three traits and two ks; at k = 1 own data are 0.20-0.22 against 0.10-0.12.
    assert "Of 6 comparisons" in found["In-context learning"]
    assert "above in 6 and below in 0" in found["In-context learning"]
    # Eagles: 0.25 to 0.35 against 0.30 to 0.32.
    assert "above that of 2 examples in 2 of 3" in found["In-context learning"]
    assert "0.250 [" in found["The judge's scores"]


def test_only_what_was_asked_is_told(tables):
    one = summary.nothing_found() | {"roc": tables.roc, "roc_curve": tables.roc_curve}
    asked = DetectionTables(**one)
    assert list(findings(asked)) == ["The judge's scores", "Caveat"]
    assert SHOWN.headline(asked, TEXT).sentence == findings(asked)["The judge's scores"]
    assert [table.title for table in SHOWN.report_tables(asked, TEXT)] == ["The judge's scores"]


def test_report_tables_are_whole(tables):
    found = SHOWN.report_tables(tables, TEXT)
    assert len(found) == len(ANALYSES) + 1  # students beside examples
    assert all(len(row) == len(table.head) for table in found for row in table.rows)
