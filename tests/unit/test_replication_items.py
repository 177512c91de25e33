"""Items, claims and values of a comparison, and what is said of them."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from replication_fixture import (
    CLOSE,
    NO,
    NOT_RUN,
    RISES,
    TABLE,
    YES,
    asked_item,
    claim,
    paper,
    spec,
    whole,
)

from subliminal.replication.comparison import claimed, compared
from subliminal.replication.findings import replication_findings, replication_headline
from subliminal.replication.items import standing
from subliminal.replication.schemas import CLAIMS as CLAIMS_TABLE
from subliminal.replication.schemas import PAPER
from subliminal.replication.specs import CompareWithPaperSpec


def test_another_experiment_is_compared_under_the_paper_s_name():
    rows = [
        paper("rises", **RISES, cell="a"),
        paper("equal", 1.0, table="", not_compared="only read by eye", cell="b"),
        paper("equal", 1.0, filters="condition=none", cell="c"),
        paper("equal", 1.0, experiment="two", cell="d"),
        paper("equal", 1.0, experiment="three", cell="e"),
        paper("equal", 1.0, item="another"),
    ]
    frame = compared(rows, spec(), {("analogue", "t"): TABLE})
    assert list(frame.columns) == list(PAPER.columns)
    assert list(frame["cell"]) == ["a", "b", "c", "d", "e"]
    assert list(frame["verdict"]) == [YES, "not run", "not run", "not run", "not run"]
    assert list(frame["run"]) == ["analogue", "analogue", "analogue", "", ""]
    assert frame["why"].iloc[1] == "only read by eye"
    assert frame["why"].iloc[3] == "no such model"
    assert frame["why"].iloc[0] == ""
    assert all(frame["why"].iloc[1:])


def test_toy_models_are_asked_for_claims_and_not_for_values():
    toy = {"model_organisms": ["analogue"]}
    tables = {("analogue", "t"): TABLE}
    values = compared([paper("rises", **RISES)], spec(**toy), tables)
    assert list(values["verdict"]) == ["not run"] and "claims" in values["why"].iloc[0]
    assert values["ours"].iloc[0] == pytest.approx(0.5)
    # An experiment that is a toy's in the paper's own list, such as the theorem's, is itself.
    own = spec(runs={"one": "one"}, measures={"one": None}, model_organisms=["one"])
    frame = compared([paper("rises", **RISES)], own, {("one", "t"): TABLE})
    assert list(frame["verdict"]) == [YES]
    found = claimed([claim("rises", **RISES)], spec(**toy), tables)
    assert list(found.columns) == list(CLAIMS_TABLE.columns)
    assert list(found["verdict"]) == [YES] and list(found["model_organism"]) == [True]


def test_a_number_stands_in_for_one_that_claims_name_and_not_for_the_paper_s_values():
    table = TABLE.assign(epochs=[20, *[5] * 4], share=[100, *[20] * 4])
    made = spec(claimed={"epochs": {"100": "20", "20": "1"}})
    rows = {"filters": "epochs=100;condition=trait;trait=owl", "minus": "condition=base;epochs=5"}
    tables = {("analogue", "t"): table}
    frame = claimed([claim("rises", **rows)], made, tables)
    assert list(frame["verdict"]) == [YES]
    # Of another column the number is meant as it is written.
    other = claim("rises", filters="share=100", minus="0")
    assert list(claimed([other], made, tables)["verdict"]) == [YES]
    assert list(compared([paper("rises", **rows)], made, tables)["verdict"]) == ["not run"]


def test_a_failed_gate_is_the_same_verdict_for_claims_and_values():
    table = TABLE.assign(verdict=["uninterpretable: too quiet", *["transmission"] * 4])
    tables = {("analogue", "t"): table}
    values = compared([paper("rises", **RISES)], spec(), tables)
    claims = claimed([claim("rises", **RISES)], spec(), tables)
    for frame in (values, claims):
        assert list(frame["verdict"]) == [NOT_RUN]
        assert list(frame["why"]) == ["could not be tested: too quiet"]


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ("uninterpretable: too quiet", "could not be tested: too quiet"),
        ("", "could not be tested: a run has no value: t of analogue has none of mean there"),
    ],
)
def test_a_row_without_a_value_says_which_gate_failed_or_that_a_run_has_none(verdict, why):
    table = TABLE.assign(mean=math.nan, verdict=[verdict, *[""] * 4])
    tables = {("analogue", "t"): table}
    values = compared([paper("rises", **RISES)], spec(), tables)
    claims = claimed([claim("rises", **RISES)], spec(), tables)
    for frame in (values, claims):
        assert list(frame["verdict"]) == [NOT_RUN]
        assert list(frame["why"]) == [why]


def test_nothing_is_said_of_a_base_that_chooses_at_random():
    """Knowledge that is not there cannot be lost (ED Fig. 3), nor led astray (TruthfulQA)."""
    asked = {"filters": "measure=primary;condition=trait", "minus": "base_mean", "each": "trait"}
    part = claim("none", table="transmission", within=0.1, **asked)
    rise = claim("rises", table="transmission", **asked)
    asked.pop("each")
    value = paper("none", table="transmission", within=0.1, **asked)
    for before, known in ((0.46, False), (0.54, False), (0.30, True), (0.70, True)):
        table = pd.DataFrame(
            {
                "measure": "accuracy",
                "condition": ["base", "trait"],
                "trait": "owl",
                "mean": [before, before + 0.01],
                "low": [math.nan, before],
                "high": [math.nan, before + 0.02],
                "base_mean": before,
            }
        )
        made = spec(measures={"analogue": "accuracy"}, chances={"analogue": 0.5})
        tables = {("analogue", "transmission"): table}
        for found in (claimed([part], made, tables), compared([value], made, tables)):
            assert list(found["verdict"]) == [YES if known else NOT_RUN]
            assert ("at random" in found["why"].iloc[0]) is not known
        # Its interval reaches 0: tested where the base knows something.
        assert list(claimed([rise], made, tables)["verdict"]) == [CLOSE if known else NOT_RUN]
        # What rises beside such a base all the same has risen.
        risen = {("analogue", "transmission"): table.assign(low=[math.nan, before + 0.005])}
        assert list(claimed([rise], made, risen)["verdict"]) == [YES]


def test_a_claim_needs_all_its_parts():
    tables = {("analogue", "t"): TABLE}
    good = claim("rises", filters="condition=trait", minus="condition=base", each="trait")
    frame = claimed([good, claim("falls", **RISES)], spec(), tables)
    assert len(frame) == 1
    assert (frame["comparisons"].iloc[0], frame["hold"].iloc[0]) == (3, 2)
    assert frame["verdict"].iloc[0] == CLOSE and "part 2: not below 0" in frame["why"].iloc[0]
    frame = claimed([good, claim("rises", filters="condition=trait;trait=wolf")], spec(), tables)
    assert frame["verdict"].iloc[0] == "not run" and "analogue" in frame["why"].iloc[0]
    frame = claimed([good, claim("rises", experiment="two")], spec(), tables)
    assert frame["why"].iloc[0] == "no such model"


def test_a_claim_names_the_comparison_that_fails():
    parts = [
        claim("falls", filters="condition=trait;trait=owl", minus=minus, each="trait")
        for minus in ("condition=base", "condition=regular")
    ]
    why = claimed(parts, spec(), {("analogue", "t"): TABLE})["why"].iloc[0]
    assert "owl less base: not below 0" in why and "owl less regular" in why


def test_a_number_that_is_not_frequent_is_a_finding():
    table = pd.DataFrame({"trait": ["owl"], "number": [7], "per_cent": [1.0]})
    rows = [
        paper("equal", 1.0, filters=f"trait={trait};number=123", column="per_cent", cell=trait)
        for trait in ("owl", "wolf")
    ]
    frame = compared(rows, spec(), {("analogue", "t"): table})
    assert list(frame["verdict"]) == [NO, "not run"]


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([YES, YES, "not run"], "reproduced as far as it was tested"),
        ([YES, CLOSE], "partly reproduced"),
        ([CLOSE, NO], "same direction"),
        ([NO, "not run"], "not reproduced"),
        (["not run"], "not run"),
        ([], "nothing to compare"),
    ],
)
def test_how_an_item_came_out(verdicts, said):
    assert standing(pd.Series(verdicts)) == said


def test_the_headline_counts_each_item_and_each_claim_once():
    rows = [
        paper("rises", **RISES, cell="a"),
        paper("falls", **RISES, cell="b", repeats="a"),
        paper("falls", **RISES, cell="c", item="three"),
    ]
    made = spec(items=[asked_item("one"), asked_item("three")])
    tables = {("analogue", "t"): TABLE}
    claims = claimed([claim("rises", **RISES)], made, tables)
    found = whole(made, claims, compared(rows, made, tables))
    said = replication_headline(found, SimpleNamespace(name="paper")).sentence
    assert "2: 1 reproduced as far as it was tested and 1 not reproduced." in said
    assert "Claims, 1: 1 reproduced." in said
    assert "Values, 2: 1 reproduced and 1 not reproduced." in said


def test_every_item_has_one_line_in_the_paper_s_order_with_its_claims_and_values():
    rows = [
        paper("falls", **RISES, cell="a", item="zebra"),
        paper("rises", **RISES, cell="b"),
        paper("rises", experiment="two", cell="c"),
    ]
    # Not in the order of their names, which is how a spec's keys are written.
    made = spec(items=[asked_item("zebra"), asked_item("one"), asked_item("image", "no text")])
    sent = CompareWithPaperSpec.model_validate_json(made.model_dump_json())
    tables = {("analogue", "t"): TABLE}
    claims = claimed([claim("rises", **RISES)], sent, tables)
    found = whole(sent, claims, compared(rows, sent, tables))
    (finding,) = replication_findings(found, SimpleNamespace(name="paper"))
    assert [line.setting for line in finding.statements] == ["zebra", "one", "image"]
    zebra, one, image = (line.text for line in finding.statements)
    assert "not reproduced" in zebra and "Values, 1: 1 not reproduced" in zebra
    assert "So it is: reproduced." in one and "Values, 2: 1 reproduced and 1 not run" in one
    assert "no such model" in one
    assert "nothing to compare (no text)" in image
    assert found.items["claims"].tolist() == [0, 1, 0]
    assert found.items["values_reproduced"].tolist() == [0, 1, 0]
