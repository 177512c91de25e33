"""Every figure draws what the tables say, and says what is missing."""

import html
import math
import re
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import report_fixture
import vl_convert
from scipy import stats
from working_copy import REPOSITORY

from subliminal.detection.config import ANALYSES
from subliminal.mnist.config import ComparisonName
from subliminal.replication.kind import KIND as REPLICATION
from subliminal.report.numbers import GAMMA, number, p_value
from subliminal.report.specs import PlotFigureSpec
from subliminal.theorem.kind import KIND as THEOREM
from subliminal.transmission import config
from subliminal.transmission.checks import FIGURES
from subliminal.transmission.figures.channel import (
    HEIGHT,
    LABEL_HEIGHT,
    LABEL_WIDTH,
    WIDTH,
    label_heights,
)
from subliminal.transmission.shuffle_averages import averages, shuffled_panels, trait_means
from subliminal.transmission.tables import ExperimentTables
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.stages.plot_figure import plot_figure

DRAWN = {
    "transmission": FIGURES,
    "mnist": list(get_args(ComparisonName)),
    "theorem": THEOREM.figures(None),
    "detection": list(ANALYSES),
    "replication": REPLICATION.figures(None),
}


FORMATS = ("svg", "png", "pdf", "html", "manifest.json")


def spec(figure, model_organism=True, measure="share"):
    return PlotFigureSpec(
        kind="transmission",
        experiment="tiny",
        figure=figure,
        paper="Fig. 4",
        model_organism=model_organism,
        measure=measure,
    )


def figure_of(kind, figure):
    """What draws a figure: a function that has the name of its module."""
    return getattr(import_module(f"subliminal.{kind}.figures.{figure}"), figure)


@cache
def _drawn_once(figure, case, model_organism, measure):
    tables = report_fixture.CASES[case]()
    made = spec(figure, model_organism, measure)
    return figure_of("transmission", figure)(tables, made).to_dict()


def draw(figure, case="full", model_organism=True, measure="share"):
    """A figure of one of the fixture's cases; drawing takes seconds, so each is drawn once."""
    return _drawn_once(figure, case, model_organism, measure)


def drawn(chart, *columns):
    """The rows that have all these columns, of everything the chart draws."""
    rows = [row for rows in chart["datasets"].values() for row in rows]
    return [row for row in rows if set(columns) <= set(row)]


def measured(frame, measure="share"):
    """The rows of one measure."""
    return frame[frame["measure"] == measure]


def approximately(rows):
    return sorted(tuple(round(v, 9) if isinstance(v, float) else v for v in row) for row in rows)


@pytest.fixture(scope="module")
def full():
    """The tables of the share, as drawn unless something else is asked for."""
    tables = vars(report_fixture.full())
    return ExperimentTables(
        **{name: measured(t) if "measure" in t else t for name, t in tables.items()}
    )


def plain(frame, same_base=False):
    chosen = frame[frame["variant"] == "train"]
    return chosen[chosen["teacher_base"] == chosen["student_base"]] if same_base else chosen


def test_every_kind_says_what_its_room_holds():
    """Tables and figures that the workflow names are those that the kind can read and draw."""
    assert set(DRAWN) == set(KINDS)
    for kind, entry in KINDS.items():
        room = import_module(f"subliminal.{kind}.figures")
        modules = {path.stem for path in Path(room.__path__[0]).glob("*.py")}
        assert modules - {"__init__", "marks"} == set(DRAWN[kind])
        assert all(callable(figure_of(kind, figure)) for figure in DRAWN[kind])
        shown = import_module(f"subliminal.{kind}.shown").SHOWN
        assert shown.tables.names() == list(entry.tables) == list(shown.tables.schemas)
        assert all((REPOSITORY / "report" / f"{figure}.rst").is_file() for figure in DRAWN[kind])
    assert set(config.DEFAULT_FIGURES) <= set(FIGURES)


@pytest.mark.parametrize("case", report_fixture.CASES)
@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_renders(figure, case):
    svg = vl_convert.vegalite_to_svg(draw(figure, case))
    assert svg.startswith("<svg")
    assert "Model organism" in svg
    assert "NaN" not in svg
    assert "undefined" not in svg


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_without_data_says_why(figure):
    chart = draw(figure, "empty")
    (sentence,) = drawn(chart, "text")
    assert len(sentence["text"].split()) > 5
    assert sum(map(len, chart["datasets"].values())) == 1


@pytest.mark.parametrize("figure", FIGURES)
def test_model_organisms_are_flagged_and_others_are_not(figure):
    toy = draw(figure, "single-trait")["title"]
    other = draw(figure, "single-trait", model_organism=False)["title"]
    assert "Model organism" in str(toy["subtitle"])
    assert "Model organism" not in str(other)


def test_transmission_draws_the_means_and_intervals_of_the_table(full):
    rows = plain(full.transmission, same_base=True)
    rows = rows[rows["condition"] != "teacher"]
    columns = ["trait", "condition", "n_runs", "mean"]
    bars = drawn(draw("transmission"), "companion", "left")
    expected = rows[columns].itertuples(index=False, name=None)
    assert approximately([row[c] for c in columns] for row in bars) == approximately(expected)
    intervals = approximately((row["low"], row["high"]) for row in bars if row["low"] is not None)
    known = rows[["low", "high"]].dropna()
    assert intervals == approximately(known.itertuples(index=False, name=None))


def test_transmission_draws_the_sampled_rate_beside_the_share():
    rates = measured(report_fixture.full().transmission, "rate_substring")
    rates = plain(rates[rates["condition"] != "teacher"], same_base=True)
    bars = drawn(draw("transmission"), "companion", "left")
    columns = ["trait", "condition", "mean"]
    expected = rates[columns].itertuples(index=False, name=None)
    shown = ((row["trait"], row["condition"], row["companion"]) for row in bars)
    assert approximately(shown) == approximately(expected)


def test_transmission_draws_every_student_of_the_same_base(full):
    points = drawn(draw("transmission"), "value", "seed")
    runs = plain(full.runs, same_base=True)
    for condition, chosen in {
        "trait": runs[runs["teacher_trait"] == runs["measured_trait"]],
        "regular": runs[(runs["method"] == "reference") & (runs["domain"] == "tiny-cot")],
    }.items():
        shown = {round(row["value"], 9) for row in points if row["condition"] == condition}
        assert set(chosen["value"].round(9)) <= shown


def test_bars_stand_apart():
    bars = drawn(draw("transmission"), "left", "right")
    edges = sorted({(round(bar["left"], 6), round(bar["right"], 6)) for bar in bars})
    assert all(right < left for (_, right), (left, _) in pairwise(edges))


def test_a_single_student_has_no_whisker():
    bars = drawn(draw("transmission", "single-run"), "low", "condition")
    assert {bar["low"] for bar in bars if bar["condition"] == "trait"} == {None}


def test_traits_that_need_care_are_labelled():
    text = str(draw("transmission"))
    assert '["wolf", "(development)"]' in text
    assert '["elephant", "(gate failed)"]' in text


def test_trait_matrix_draws_the_lifts_and_the_control(full):
    cells = drawn(draw("trait_matrix"), "printed")
    rows = plain(full.trait_matrix)
    own = [row for row in cells if not row["teacher_trait"].startswith("none")]
    columns = ["teacher_trait", "measured_trait", "lift"]
    expected = rows[columns].itertuples(index=False, name=None)
    assert approximately([row[c] for c in columns] for row in own) == approximately(expected)
    assert all(row["printed"] == number(row["lift"], sign=True) for row in cells)
    regular = plain(full.transmission).query("condition == 'regular'")
    lifts = (regular["mean"] - regular["base_mean"]).tolist()
    control = [row["lift"] for row in cells if row["teacher_trait"].startswith("none")]
    assert sorted(control) == pytest.approx(sorted(lifts))


def test_trait_matrix_names_the_diagonal_test(full):
    text = str(draw("trait_matrix"))
    for test in plain(full.diagonal).itertuples():
        assert f"= {number(test.gamma)}, p {p_value(test.p_value)}" in text
    single = str(draw("trait_matrix", "single-trait"))
    assert f"{GAMMA} = " not in single


def test_bases_draws_both_bases_from_where_they_started(full):
    columns = ["trait", "condition", "base_mean", "mean"]
    rows = plain(full.transmission)
    rows = rows[rows["condition"].isin(["regular", "trait"])]
    shown = drawn(draw("bases"), *columns, "lane")
    expected = rows[columns].itertuples(index=False, name=None)
    assert approximately([row[c] for c in columns] for row in shown) == approximately(expected)


def spoken(svg):
    """What the marks of a picture say, without axes, legends and titles."""
    marks = re.findall(r'<[^>]*aria-label="([^"]*)"[^>]*aria-roledescription="([^"]*)"', svg)
    return [label for label, role in marks if role not in ("axis", "legend", "title", "subtitle")]


@pytest.mark.parametrize("figure", FIGURES)
def test_every_mark_says_its_value_in_words(figure):
    """No label is a list of the columns that Vega was given."""
    chart = draw(figure)
    said = [row["said"] for row in drawn(chart, "said")]
    labels = spoken(vl_convert.vegalite_to_svg(chart))
    assert set(labels) == {html.escape(text, quote=True).replace("&#x27;", "'") for text in said}
    assert not [text for text in said if ";" in text and re.search(r"\w+: .*; \w+: ", text)]
    assert all(re.search(r"\d", text) for text in said)


def test_a_mark_names_trait_condition_interval_and_students(full):
    row = plain(full.transmission, same_base=True).query("condition == 'trait'").iloc[0]
    said = [bar["said"] for bar in drawn(draw("transmission"), "companion", "said")]
    own = [text for text in said if text.startswith(f"{row.trait}, data of the trait")]
    (text,) = (text for text in own if f"{row.domain}, {row.method}" in text)
    for value in (row["mean"], row.low, row.high):
        assert number(value) in text
    assert f"{row.n_runs} students" in text


def test_every_panel_of_the_trait_matrix_names_its_rows(full):
    """Also where the rows of two panels differ: one base of the two has no control here."""
    rows = full.transmission
    gone = (rows["condition"] == "regular") & (rows["student_base"] == report_fixture.ELSEWHERE)
    tables = ExperimentTables(**(vars(report_fixture.full()) | {"transmission": rows[~gone]}))
    chart = figure_of("transmission", "trait_matrix")(tables, spec("trait_matrix"))
    svg = vl_convert.vegalite_to_svg(chart.to_dict())
    axes = re.findall(r"Y-axis titled 'teacher's trait' for a discrete scale with (\d) values", svg)
    expected = [
        part["teacher_trait"].nunique() + (base == report_fixture.SAME)
        for (_, base), part in plain(full.trait_matrix).groupby(["domain", "student_base"])
    ]
    assert len(axes) > 2
    assert set(map(int, axes)) >= set(expected)


def test_bases_draws_a_mean_beside_every_student_or_says_what_is_missing(full):
    rows = full.transmission
    gone = (rows["condition"] == "regular") & (rows["trait"] == "owl")
    tables = ExperimentTables(**(vars(report_fixture.full()) | {"transmission": rows[~gone]}))
    chart = figure_of("transmission", "bases")(tables, spec("bases")).to_dict()
    means = {(row["trait"], row["condition"]) for row in drawn(chart, "mean", "lane")}
    dots = {(row["trait"], row["condition"]) for row in drawn(chart, "value", "lane")}
    assert ("owl", "regular") not in dots
    assert dots == means
    assert "no regular data" in {row["note"] for row in drawn(chart, "note")}


def test_chance_is_drawn_where_it_is_known():
    for figure in ("transmission", "bases", "shuffles"):
        made = spec(figure).model_copy(update={"chance": 1 / 16})
        chart = figure_of("transmission", figure)(report_fixture.single_trait(), made).to_dict()
        if figure != "shuffles":
            assert {row["chance"] for row in drawn(chart, "chance")} == {1 / 16}
        assert not drawn(draw(figure), "chance")


def test_training_averages_over_traits_and_students(full):
    table = plain(full.training_curves)
    points = drawn(draw("training"), "loss", "base")
    point = next(
        row
        for row in points
        if (row["shown_as"], row["base"], row["step"]) == ("data of the trait", "same base", 3)
    )
    own = table[(table["method"] == "finetuned") & (table["domain"] == "numbers")]
    own = own[(own["student_base"] == report_fixture.SAME) & (own["step"] == 3)]
    assert point["loss"] == pytest.approx(np.average(own["loss"], weights=own["n_runs"]))
    assert {row["base"] for row in points} == {"same base", "other base"}


def test_a_gate_that_fails_on_the_other_base_is_labelled_there():
    verdicts = {(report_fixture.ELSEWHERE, "wolf"): "uninterpretable: not moved"}
    effects = {("numbers", "finetuned"): (0.6,)}
    tables = report_fixture.make_tables(("wolf",), 3, True, False, effects)
    chart = figure_of("transmission", "bases")(
        report_fixture.with_verdicts(tables, verdicts), spec("bases")
    )
    labels = sorted(set(re.findall(r'"labelExpr": "(.*?)\[datum', chart.to_json())))
    assert [label.count("(gate failed)") for label in labels] == [1, 0]
    assert all("wolf" in label for label in labels)
    assert {row["note"] for row in drawn(chart.to_dict(), "note")} == {"not moved"}


def test_bases_says_when_there_is_no_other_base():
    alone, both = (draw("bases", case)["title"]["subtitle"] for case in ("same-base-only", "full"))
    assert "another base" in alone
    assert "another base" not in both


def test_increases_draws_the_mean_over_traits_with_its_star(full):
    found = full.increases
    shown = found[(found["variant"] == "train") & found["condition"].isin(["trait", "regular"])]
    cells = drawn(draw("increases"), "increase", "printed")
    assert sorted(round(cell["increase"], 9) for cell in cells) == sorted(
        round(value, 9) for value in shown["increase"]
    )
    stars = {round(row.increase, 9): row.starred for row in shown.itertuples()}
    assert all(("*" in cell["printed"]) == stars[round(cell["increase"], 9)] for cell in cells)
    assert {"*" in cell["printed"] for cell in cells} == {True, False}
    failed = {round(row.increase, 9): row.verdict != "" for row in shown.itertuples()}
    assert all(("†" in cell["printed"]) == failed[round(cell["increase"], 9)] for cell in cells)
    assert True in failed.values()


def test_shuffles_average_over_traits(full):
    rows = full.transmission
    bars = {row["data"]: row for row in drawn(draw("shuffles"), "mean", "low")}
    within = rows[(rows["variant"] == "shuffled-within") & (rows["condition"] == "trait")]
    low, high = stats.t.interval(
        0.95, len(within) - 1, within["mean"].mean(), stats.sem(within["mean"])
    )
    assert bars["shuffled within"]["mean"] == pytest.approx(within["mean"].mean())
    assert bars["shuffled within"]["low"] == pytest.approx(low)
    assert bars["shuffled within"]["high"] == pytest.approx(high)
    assert bars["shuffled within"]["n"] == 5
    assert list(bars) == [
        "untrained",
        "regular data",
        "as written",
        "shuffled within",
        "shuffled across",
    ]


def test_normal_intervals_of_the_paper_are_drawn_beside_ours(full):
    """On shuffles over runs, whose rows the table of increases has; nowhere else without asking."""
    rows = full.transmission.assign(paper_low=0.21, paper_high=0.43)
    tables = ExperimentTables(**(vars(full) | {"transmission": rows}))
    normal = {}
    for figure in ("transmission", "shuffles"):
        made = spec(figure).model_copy(update={"interval": "normal"})
        normal[figure] = figure_of("transmission", figure)(tables, made).to_dict()
        assert "normal interval" in normal[figure]["title"]["subtitle"]
        assert "normal interval" not in draw(figure)["title"]["subtitle"]
    bars = drawn(normal["transmission"], "mean", "paper_low")
    assert {(bar["paper_low"], bar["paper_high"]) for bar in bars} == {(0.21, 0.43)}
    assert all("[0.21, 0.43]" in bar["said"] for bar in bars)
    over_runs = {row["data"]: row for row in drawn(normal["shuffles"], "paper_low", "n")}
    within = full.increases.query("variant == 'shuffled-within' and condition == 'trait'")
    assert over_runs["shuffled within"]["paper_low"] == pytest.approx(within["mean_low"].item())
    assert over_runs["untrained"]["paper_low"] is None


def test_shuffles_leave_out_traits_without_every_bar(full):
    rows = full.transmission
    gone = (rows["variant"] == "shuffled-across") & (rows["trait"] == "owl")
    tables = ExperimentTables(**(vars(full) | {"transmission": rows[~gone]}))
    (panel,) = shuffled_panels(tables)
    means = trait_means(tables, panel)
    assert "owl" not in set(means["trait"])
    assert set(averages(means)["n"]) == {4}


def test_channel_draws_divergence_and_lift(full):
    rows = plain(full.transmission, same_base=True).query("condition == 'trait'")
    expected = zip(
        rows["trait"],
        rows["kl_per_token"],
        rows["mean"] - rows["base_mean"],
        rows["rows_kept"],
        strict=True,
    )
    columns = ["trait", "kl_per_token", "lift", "rows_kept"]
    points = drawn(draw("channel"), *columns)
    assert approximately([row[c] for c in columns] for row in points) == approximately(expected)
    failed = [(row["domain"], row["trait"]) for row in points if row["gates"] == "failed"]
    assert failed == [("tiny-cot", "elephant")]


def test_labels_of_close_points_do_not_overlap():
    data = pd.DataFrame({"kl_per_token": [0.01, 0.012, 0.011, 0.2], "lift": [0, 0.001, 0.002, 0]})
    heights = label_heights(data, 0.3, [-0.1, 1.0])
    per_y = 1.1 / HEIGHT
    first, second, third = sorted(heights[:3])
    assert 0.012 * WIDTH / 0.3 < LABEL_WIDTH
    assert min(second - first, third - second) >= 0.999 * LABEL_HEIGHT * per_y
    assert heights[3] == 0


def test_same_bytes_twice_and_no_network(tmp_path):
    summary = report_fixture.write_results(report_fixture.single_trait(), tmp_path / "r", "tiny")
    tables = sorted(summary.parent.glob("*.parquet"))
    for run in ("first", "second"):
        folder = tmp_path / run
        files = (folder / f"bases.{kind}" for kind in FORMATS)
        plot_figure(spec("bases"), tables, *files)
    for name in ("bases.svg", "bases.png", "bases.html"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    page = (tmp_path / "first" / "bases.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=\s*["']https?:""", page)
    assert [path.name for path in (tmp_path / "first").iterdir() if path.name[0] == "."] == []


def test_numbers_for_readers():
    assert number(-0.004) == "0.00"
    assert number(-0.25) == "\N{MINUS SIGN}0.25"
    assert number(0.25, sign=True) == "+0.25"
    assert number(0.001, sign=True) == "0.00"
    assert number(math.nan) == "\N{EN DASH}"
    assert p_value(1 / 120) == "= 0.008"
    assert p_value(1 / 5040) == "< 0.001"
