"""The figures of a comparison."""

from types import SimpleNamespace

import pytest
from replication_fixture import TABLE, VALUES, paper, spec, whole

from subliminal.replication.comparison import claimed, compared
from subliminal.replication.figures.paper_against_ours import paper_against_ours
from subliminal.replication.figures.verdicts import verdicts


def panels_of(chart):
    """By a panel's axis title, its points."""
    made = chart.to_dict()
    points = [panel["layer"][0] for panel in made["vconcat"]]
    return {
        layer["encoding"]["x"]["title"]: made["datasets"][layer["data"]["name"]] for layer in points
    }


def test_ours_stands_beside_the_paper_s_value_on_an_axis_for_each_quantity():
    owl = {"filters": "condition=trait;trait=owl"}
    rows = [
        paper("equal", 0.4, low=0.3, high=0.5, interval="ci95", cell="a", quantity="rate", **owl),
        paper("rises", cell="b", quantity="rate", **owl),
        paper("at most", 0.7, cell="c", quantity="rate", **owl),
        paper("equal", 9.0, cell="d", quantity="count", column="n_runs", **owl),
        paper("equal", 0.4, low=0.3, high=0.5, interval="range", cell="e", quantity="rate", **owl),
        paper("equal", 0.4, cell="not computed", quantity="else", filters="trait=wolf"),
        paper("equal", 0.4, cell="again", quantity="rate", repeats="a", **owl),
    ]
    made = spec()
    found = whole(made, claimed([], made, {}), compared(rows, made, {("analogue", "t"): TABLE}))
    told = SimpleNamespace(model_organism=False)
    panels = panels_of(paper_against_ours(found, told))
    assert set(panels) == {"rate", "count"}
    rates = {(mark["cell"], mark["who"]): mark for mark in panels["rate"]}
    assert {cell for cell, _ in rates} == {"a", "b", "c", "e"}
    assert [rates["a", who]["value"] for who in ("paper", "here")] == pytest.approx([0.4, 0.6])
    assert [rates["a", "paper"][bound] for bound in ("low", "high")] == [0.3, 0.5]
    assert [rates["a", "here"][bound] for bound in ("low", "high")] == [0.5, 0.7]
    assert (rates["b", "paper"]["value"], rates["b", "paper"]["shape"]) == (0, "triangle-right")
    assert (rates["c", "paper"]["value"], rates["c", "paper"]["shape"]) == (0.7, "triangle-left")
    # A range has ends, and no middle that the paper does not give.
    assert ("e", "here") in rates and ("e", "paper") not in rates
    assert [(m["who"], m["value"]) for m in panels["count"]] == [("paper", 9.0), ("here", 5.0)]
    (squares,) = verdicts(found, told).to_dict()["datasets"].values()
    assert len(squares) == 6


def test_a_comparison_without_a_computed_value_says_so():
    made = spec()
    rows = compared([paper("equal", 0.4, filters="trait=wolf")], made, {("analogue", "t"): TABLE})
    chart = paper_against_ours(
        whole(made, claimed([], made, {}), rows), SimpleNamespace(model_organism=False)
    )
    (told,) = chart.to_dict()["datasets"].values()
    assert "computed" in told[0]["text"]


def test_a_row_of_the_figure_is_one_value():
    rows = [(v.item, v.quantity, v.cell) for v in VALUES if not v.repeats]
    assert len(set(rows)) == len(rows)
