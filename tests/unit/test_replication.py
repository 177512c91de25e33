"""The paper against ours: where ours is found, and which verdict follows."""

import csv
import math
from io import StringIO
from types import SimpleNamespace

import broken_configs
import pandas as pd
import pytest
from planned_tables import planned_tables
from scipy import stats as scipy_stats
from working_copy import REPOSITORY

from subliminal.config.errors import ConfigError, RemarkedError
from subliminal.replication.claims import ClaimPart, by_claim
from subliminal.replication.comparison import claimed, compared
from subliminal.replication.config import CLAIMS, EXPECTED
from subliminal.replication.counterparts import Wanted, read_rows
from subliminal.replication.expected import Expected
from subliminal.replication.figures.claims import claims as claims_figure
from subliminal.replication.figures.paper_against_ours import paper_against_ours
from subliminal.replication.figures.verdicts import verdicts
from subliminal.replication.findings import replication_findings, replication_headline
from subliminal.replication.items import itemised, standing
from subliminal.replication.measured import Names, by_own_rule, measured, measured_each
from subliminal.replication.schemas import CLAIMS as CLAIMS_TABLE
from subliminal.replication.schemas import PAPER
from subliminal.replication.specs import AskedItem, CompareWithPaperSpec
from subliminal.replication.tables import ReplicationTables, said_of_paper
from subliminal.replication.verdicts import Ours, Verdict, of_all, verdict
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project

TEXT = (REPOSITORY / EXPECTED).read_text()
VALUES = read_rows(Expected, TEXT, EXPECTED)
PARTS = read_rows(ClaimPart, (REPOSITORY / CLAIMS).read_text(), CLAIMS)
HERE = {
    "item": "one",
    "experiment": "one",
    "source": "by hand",
    "table": "t",
    "column": "mean",
}
EMPTY = dict.fromkeys(Expected.model_fields, "") | HERE | {"trust": "text", "take": "mean"}
YES, CLOSE, NO = "reproduced", "same direction", "not reproduced"
NOT_RUN = "not run"


def paper(rule, value=None, **more):
    return Expected(**{**EMPTY, "rule": rule, "value": value if value is not None else "", **more})


def claim(rule, **more):
    empty = dict.fromkeys(ClaimPart.model_fields, "")
    return ClaimPart(**{**empty, **HERE, "claim": "So it is", "rule": rule, **more})


def near(value, low, high, within=0.0, null=None, one_run=False):
    return Wanted("equal", value, low, high, within, null, one_run)


@pytest.mark.parametrize(
    ("wanted", "ours", "said"),
    [
        # Our mean is in the paper's interval, or as near as does not count.
        (near(0.4, 0.35, 0.45), Ours(0.44, 0.38, 0.50), YES),
        (near(0.4, 0.35, 0.45), Ours(0.46, 0.40, 0.52), NO),
        (near(0.4, 0.35, 0.45, 0.01), Ours(0.46, 0.40, 0.52), YES),
        (near(0.1, 0.1, 0.1, 0.02), Ours(0.12), YES),
        # However wide ours is, only its mean can be near.
        (near(0.4, 0.35, 0.45), Ours(0.7, -0.1, 1.5), NO),
        # An effect: our interval must not reach the value of none.
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, 0.38, 0.50), YES),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, 0.05, 0.83), CLOSE),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44), CLOSE),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.44, exact=True), YES),
        (near(0.4, 0.35, 0.45, null=0.1, one_run=True), Ours(0.44), YES),
        (near(0.4, 0.35, 0.45, null=0.1), Ours(0.6, 0.5, 0.7), CLOSE),
        (near(0.4, 0.4, 0.4, null=0.1), Ours(0.05, 0.0, 0.09), NO),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(-0.035, -0.05, -0.02), YES),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(-0.01, -0.02, -0.005), CLOSE),
        (near(-0.04, -0.04, -0.04, 0.01, 0.0), Ours(0.01, 0.005, 0.02), NO),
        # Bounds concern the whole interval.
        (Wanted("at least", 0.6), Ours(0.7, 0.6001, 0.8), YES),
        (Wanted("at least", 0.6), Ours(0.7, 0.55, 0.85), CLOSE),
        (Wanted("at least", 0.6), Ours(0.7), CLOSE),
        (Wanted("at least", 0.6), Ours(0.6, exact=True), YES),
        (Wanted("at least", 0.6, null=0.12), Ours(0.5, 0.4, 0.6), CLOSE),
        (Wanted("at least", 0.6), Ours(0.5, 0.4, 0.6), NO),
        (Wanted("at least", 0.6, null=0.12), Ours(0.1, 0.0, 0.2), NO),
        (Wanted("at most", 0.01), Ours(0.004, 0.0, 0.008), YES),
        (Wanted("at most", 0.01), Ours(0.009, 0.0, 0.018), CLOSE),
        (Wanted("at most", 0.01, within=0.01), Ours(0.009, 0.0, 0.018), YES),
        (Wanted("at most", 0.01), Ours(0.02, 0.01, 0.03), NO),
        # Directions, too.
        (Wanted("rises"), Ours(0.2, 0.01, 0.4), YES),
        (Wanted("rises"), Ours(0.2, -0.01, 0.4), CLOSE),
        (Wanted("rises"), Ours(0.2), CLOSE),
        (Wanted("rises"), Ours(0.2, exact=True), YES),
        (Wanted("rises"), Ours(-0.2, -0.5, 0.1), NO),
        (Wanted("falls"), Ours(-0.2, -0.4, -0.1), YES),
        (Wanted("falls"), Ours(-0.2, -0.4, 0.1), CLOSE),
        (Wanted("falls"), Ours(0.1, 0.05, 0.2), NO),
        # No difference is shown by an interval that is narrow enough, and not by a wide one.
        (Wanted("none", within=0.1), Ours(0.02, -0.05, 0.09), YES),
        (Wanted("none", within=0.1), Ours(0.05, 0.01, 0.09), YES),
        (Wanted("none", within=0.1), Ours(0.02, -0.3, 0.34), CLOSE),
        (Wanted("none", within=0.1), Ours(0.02), CLOSE),
        (Wanted("none", within=0.1), Ours(0.2, -0.1, 0.5), NO),
        (Wanted("none", within=0.1), Ours(0.2, 0.15, 0.25), NO),
        # A cell whose gate failed says nothing, whatever its values.
        (Wanted("rises"), Ours(0.2, 0.1, 0.3, void="the data did not move the students"), NOT_RUN),
        (Wanted("rises"), Ours(-0.2, -0.3, -0.1, void="the teacher is not loud"), NOT_RUN),
    ],
)
def test_the_verdict_follows_from_the_rule(wanted, ours, said):
    found = verdict(wanted, ours)
    assert found.word == said
    assert bool(found.why) is (said != YES)


@pytest.mark.parametrize(
    "wanted",
    [
        near(0.4, 0.35, 0.45, 0.05, 0.1),
        Wanted("at least", 0.3),
        Wanted("at most", 0.5),
        Wanted("rises"),
        Wanted("none", within=0.6),
    ],
)
def test_a_wider_interval_never_helps(wanted):
    order = [YES, CLOSE, NO]
    widths = (0.001, 0.05, 0.2, 0.5, 2.0)
    ranks = [order.index(verdict(wanted, Ours(0.4, 0.4 - w, 0.4 + w)).word) for w in widths]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0 and ranks[-1] > 0


YES_, CLOSE_, NO_ = Verdict(YES), Verdict(CLOSE, "wide"), Verdict(NO, "below")
VOID = Verdict(NOT_RUN, "gate")


@pytest.mark.parametrize(
    ("each", "said"),
    [
        ([YES_, YES_], YES),
        ([YES_, CLOSE_], CLOSE),
        ([CLOSE_, CLOSE_], CLOSE),
        ([YES_, YES_, NO_], CLOSE),
        ([YES_, NO_], NO),
        ([NO_], NO),
        # What could not be tested counts for neither side.
        ([VOID, VOID], NOT_RUN),
        ([YES_, YES_, VOID], CLOSE),
        ([YES_, VOID], NOT_RUN),
        ([YES_, NO_, VOID], NOT_RUN),
        ([NO_, NO_, VOID], NO),
        ([NO_, VOID], NO),
    ],
)
def test_a_claim_holds_where_all_of_it_does(each, said):
    found = of_all([(f"n{number}", one) for number, one in enumerate(each)])
    assert found.word == said
    if set(each) == {VOID}:
        assert found == VOID  # one reason for all, said once
        return
    for number, one in enumerate(each):
        assert (f"n{number}: {one.why}" in found.why) is (one.word != YES)


def test_a_claim_without_comparisons_is_none():
    with pytest.raises(ValueError):
        of_all([])


TABLE = pd.DataFrame(
    {
        "trait": ["owl", "owl", "owl", "eagle", "eagle"],
        "condition": ["trait", "regular", "base", "trait", "base"],
        "primary": True,
        "k": [1.0, 1.0, math.nan, 1.0, math.nan],
        "mean": [0.6, 0.2, 0.1, 0.5, 0.3],
        "low": [0.5, 0.1, math.nan, 0.4, math.nan],
        "high": [0.7, 0.3, math.nan, 0.6, math.nan],
        "paper_mean": [0.7, 0.2, 0.1, 0.5, 0.3],
        "paper_low": [0.65, 0.1, math.nan, 0.4, math.nan],
        "paper_high": [0.75, 0.3, math.nan, 0.6, math.nan],
        "base_mean": [0.1, 0.1, 0.1, 0.3, 0.3],
        "n_runs": [5, 5, 1, 5, 1],
    }
)


def found(filters, **more):
    ours = measured(TABLE, paper("rises", filters=filters, **more))
    return ours and [pytest.approx(value) for value in (ours.value, *ours.bounds, ours.n)]


def test_ours_is_a_row_with_the_interval_of_its_table():
    assert found("primary=true;condition=trait;trait=owl") == [0.6, 0.5, 0.7, 5]
    assert found("condition=base;trait=owl") == [0.1, 0.1, 0.1, 1]
    assert found("trait=owl;k=") == [0.1, 0.1, 0.1, 1]
    assert found("primary=false;trait=owl") is None
    assert found("condition=trait;colour=red") is None
    assert found("trait=owl;condition=trait", column="rate") is None


def test_ours_less_a_column_or_other_rows():
    assert found("condition=trait;trait=owl", minus="base_mean") == [0.5, 0.4, 0.6, 5]
    # 0.6 [0.5, 0.7] less 0.2 [0.1, 0.3]: the nearest ends are 0.2 apart, the farthest 0.6.
    assert found("condition=trait;trait=owl", minus="condition=regular") == [0.4, 0.2, 0.6, 5]
    assert found("condition=trait;trait=owl", minus="condition=base") == [0.5, 0.4, 0.6, 5]
    assert found("condition=trait;trait=eagle", minus="condition=regular") is None
    relative = found("condition=trait;trait=owl", minus="base_mean", over="base_mean")
    assert relative == [5.0, 4.0, 6.0, 5]


def test_ours_as_a_share_of_other_rows():
    # 0.6 [0.5, 0.7] of 0.2 [0.1, 0.3]: the least is 0.5 of 0.3, the most 0.7 of 0.1.
    share = found("condition=trait;trait=owl", over="condition=regular")
    assert share == [3.0, 0.5 / 0.3, 0.7 / 0.1, 5]
    assert found("condition=trait;trait=owl", over="condition=base") == [6.0, 5.0, 7.0, 5]
    assert found("condition=trait;trait=eagle", over="condition=regular") is None
    # Of what may be nothing, no share has bounds.
    table = TABLE.assign(low=[0.5, 0.0, math.nan, 0.4, math.nan])
    row = paper("rises", filters="condition=trait;trait=owl", over="condition=regular")
    ours = measured(table, row)
    assert ours.value == pytest.approx(3.0) and all(map(math.isnan, ours.bounds))
    assert verdict(near(3.0, 2.0, 4.0, null=1.0), ours).word == CLOSE
    # A fall of 0.2 is no share of a fall of 0.4.
    fallen = measured(TABLE.assign(mean=[-0.2, -0.4, 0.1, 0.5, 0.3]), row)
    assert verdict(near(0.5, 0.4, 0.6), fallen).word == NOT_RUN


def test_several_rows_are_a_mean_over_them_or_their_least_and_most():
    values = [0.5, 0.2]  # less base_mean
    bounds = scipy_stats.t.interval(0.95, 1, loc=0.35, scale=scipy_stats.sem(values))
    assert found("condition=trait", minus="base_mean") == [0.35, *bounds, 2]
    assert found("condition=trait", take="min")[0] == 0.5
    assert found("condition=trait", take="max")[0] == 0.6


def test_other_bases_are_left_out_unless_they_are_named_and_stand_ins_are_found():
    table = TABLE.assign(teacher_base="tiny-a", student_base=["tiny-a", *["tiny-b"] * 4])
    names = {"gpt-4.1": "tiny-a", "gpt-4o": "tiny-b"}

    def value(filters):
        ours = measured(table, paper("rises", filters=filters), Names(names))
        return ours and ours.value

    assert value("condition=trait") == 0.6
    assert value("condition=trait;student_base=gpt-4o") == 0.5
    assert value("condition=trait;teacher_base=gpt-4o") is None


def test_a_difference_rises_just_where_intervals_have_nothing_in_common():
    for low in (0.29, 0.31):
        table = TABLE.assign(low=[low, 0.1, math.nan, 0.4, math.nan])
        row = paper("rises", filters="condition=trait;trait=owl", minus="condition=regular")
        assert (verdict(row.wanted, measured(table, row)).word == YES) == (low > 0.3)


def test_ours_less_a_number_and_a_share_of_a_column():
    assert found("condition=trait;trait=owl", minus="0.5") == [0.1, 0.0, 0.2, 5]
    assert found("condition=trait;trait=owl", minus="nothing") is None


def test_either_of_two_names_is_meant():
    assert found("condition=trait;trait=owl|eagle", take="max")[0] == 0.6
    assert found("condition=trait;trait=owl|wolf")[0] == 0.6


def test_the_paper_s_statistic_and_ours_stand_side_by_side():
    row = paper("rises", filters="condition=trait;trait=owl", column="paper_mean")
    theirs, own = measured(TABLE, row), by_own_rule(TABLE, row)
    assert (theirs.value, *theirs.bounds) == (0.7, 0.65, 0.75)
    assert (own.value, *own.bounds) == (0.6, 0.5, 0.7)
    assert by_own_rule(TABLE, paper("rises", filters="condition=trait;trait=owl")) is None


def test_the_primary_measure_is_the_experiment_s():
    table = TABLE.assign(measure=["share", "rate", "rate", "rate", "rate"])
    row = paper("rises", filters="measure=primary;condition=trait")
    assert measured(table, row, Names(primary="share")).value == 0.6
    assert measured(table, row, Names(primary="rate")).value == 0.5
    assert measured(table, row, Names()) is None


def test_one_run_without_an_interval_does_not_rise_and_one_base_is_exact():
    table = TABLE.assign(low=math.nan, high=math.nan)
    row = paper("rises", filters="condition=trait;trait=owl", minus="base_mean")
    assert verdict(row.wanted, measured(table, row)).word == CLOSE
    row = paper("rises", filters="condition=base;trait=owl")
    assert verdict(row.wanted, measured(table, row)).word == YES


def test_a_failed_gate_is_why():
    table = TABLE.assign(verdict=["uninterpretable: too quiet", *["transmission"] * 4])
    row = paper("rises", filters="condition=trait;trait=owl")
    assert verdict(row.wanted, measured(table, row)) == (
        NOT_RUN,
        "could not be tested: too quiet",
    )
    assert measured(table, paper("rises", filters="condition=trait")).void == "too quiet"


def each(filters, columns, **more):
    found = measured_each(TABLE, claim("rises", filters=filters, each=columns, **more))
    return found and {name: pytest.approx(ours.value) for name, ours in found.items()}


def test_a_claim_is_about_each_trait():
    assert each("condition=trait", "trait", minus="condition=base") == {"owl": 0.5, "eagle": 0.2}
    assert each("condition=trait;trait=owl", "") == {"": 0.6}
    # Of a trait that is asked for and not there, nothing is claimed by the others.
    assert each("condition=trait;trait=owl|wolf", "trait") is None
    # Nor where one of them has nothing to be compared with.
    assert each("condition=trait", "trait", minus="condition=regular") is None
    assert each("condition=trait", "colour") is None


def asked_item(name, not_compared=None):
    return AskedItem(name=name, title=name.title(), not_compared=not_compared)


def whole(made, claims, values):
    """All three tables."""
    return ReplicationTables(
        items=itemised(made.items, claims, values), claims=claims, paper=values
    )


def spec(**changed):
    fields = {
        "experiment": "paper",
        "runs": {"one": "analogue"},
        "not_run": {"two": "no such model"},
        "measures": {"analogue": None},
        "chances": {},
        "stand_ins": {},
        "claimed": {},
        "items": [asked_item("one")],
        "model_organisms": [],
    }
    return CompareWithPaperSpec(**{**fields, **changed})


RISES = {"filters": "condition=trait;trait=owl", "minus": "condition=base"}


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


# The paper's values


def test_everything_is_of_an_item_and_of_one_of_its_experiments():
    items = Project.load(REPOSITORY).config.items
    for where in [*VALUES, *PARTS]:
        assert where.experiment in items[where.item].experiments, where


def test_every_item_is_compared_or_says_why_there_is_nothing_to_compare():
    every = Project.load(REPOSITORY).config.items.items()
    items = {name: item for name, item in every if item.whole_paper}
    there = {where.item for where in [*VALUES, *PARTS]}
    assert {name for name, item in items.items() if item.not_compared} == set(items) - there
    # Of ED Table 2 the specification knows an image, and of these no value.
    assert set(items) - there == {"ed_table2"}
    without_value = set(items) - {value.item for value in VALUES}
    assert without_value == {"fig3b", "fig3d", "ed5a", "ed5b", "ed_table2"}


def test_claims_and_values_come_in_the_paper_s_order():
    order = list(Project.load(REPOSITORY).config.items)
    for rows in (VALUES, PARTS):
        named = [order.index(where.item) for where in rows]
        assert named == sorted(named)


def test_a_single_run_needs_no_interval_where_the_paper_s_is_one_too():
    """ED Fig. 5a: a student per animal, which has no interval."""
    (part,) = [part for part in PARTS if part.item == "ed5a"]
    bases = ["gpt-4.1", "gpt-4o"]
    rows = [
        (teacher, student, condition, value)
        for teacher in bases
        for student in bases
        for condition, value in (("trait", 0.2 if teacher == student else -0.1), ("base", 0.1))
    ]
    columns = ["teacher_base", "student_base", "condition", "paper_mean"]
    empty = {"trait": "owl", "measure": "rate", "n_runs": 1}
    table = pd.DataFrame(rows, columns=columns).assign(
        **empty, paper_low=math.nan, paper_high=math.nan
    )
    made = spec(runs={"fig5a": "fig5a"}, measures={"fig5a": "rate"}, items=[asked_item("ed5a")])
    found = claimed([part], made, {("fig5a", "transmission"): table})
    assert (found["comparisons"].iloc[0], found["verdict"].iloc[0]) == (2, YES)


def one(item, **wanted):
    rows = [v for v in VALUES if v.item == item]
    return [v for v in rows if all(getattr(v, k) == x for k, x in wanted.items())]


def test_values_that_the_specification_states():
    assert [v.value for v in one("fig4a", rule="at least")] == [0.60]
    assert one("fig4a", cell="GPT-4.1 nano, owl")[0].value == 0.12
    assert [v.value for v in one("fig5b", trust="text layer", rule="equal")] == [
        0.39,
        0.11,
        0.01,
        0.07,
    ]
    diagonal = [v.value for v in one("fig5a", rule="equal") if "itself" in v.cell]
    assert diagonal == [0.50, 0.54, 0.32, 0.33]
    assert {v.value for v in one("ed_table4", rule="equal", column="accuracy")} == {
        0.490,
        0.533,
        0.509,
        0.475,
        0.488,
    }
    assert {v.value for v in one("ed2c", rule="equal")} == {0.37}
    assert [v.value for v in one("ed5e", rule="equal")] == [0.31, -0.08, -0.13]
    assert one("ed1b", trust="text", column="fpr")[0].value == 0.373
    assert {v.value for v in one("ed3", rule="equal")} == {0.72, 0.68, -0.04, -0.02, -0.01}


def test_bars_of_single_questions_average_to_the_means_that_were_recovered():
    for item, whole in (("fig3a", 0.092), ("fig3c", 0.086)):
        single = [v.value for v in one(item) if v.cell.startswith("student of insecure, question")]
        assert len(single) == 8
        assert sum(single) / 8 == pytest.approx(whole, abs=6e-4)


def test_what_may_not_be_a_target_is_none():
    """D29: bars read by eye. D30: only bounds for the cells of Fig. 5a off the diagonal."""
    assert not [v for v in VALUES if v.experiment == "fig4a" and v.value in (0.15, 0.65)]
    off = [v for v in one("fig5a") if "itself" not in v.cell and v.table]
    assert len(off) == 12
    assert sum(v.rule == "at most" and v.value == 0.09 for v in off) == 10
    assert [(v.low, v.high) for v in off if v.rule == "equal"] == [(0.25, 0.30)] * 2
    (starred,) = [v for v in one("fig5a") if not v.table]
    assert starred.value == 0.06 and "cannot be told" in starred.not_compared


def test_what_lies_between_bounds_is_no_interval():
    """Two values in no order, two runs, and readings by others."""
    ranges = {(v.item, v.low, v.high) for v in VALUES if v.interval == "range"}
    assert ranges == {
        ("fig5a", 0.25, 0.30),
        ("ed5d", 0.052, 0.057),
        ("ed5d", 0.33, 0.34),
        ("ed4f", 0.25, 0.5),
        ("v1_fig10", 0.5, 0.63),
    }
    others = {(v.item, v.trust) for v in VALUES if v.interval == "ci95" and v.trust != "vectors"}
    assert others == {("ed_table4", "third party")}
    (row,) = compared(
        [v for v in one("fig5a") if v.cell == "gpt-4.1 to gpt-4o"],
        spec(items=[asked_item("fig5a")]),
        {},
    ).itertuples()
    assert said_of_paper(row) == "0.25 to 0.30"


def test_counts_and_bounds_that_the_specification_states():
    (significant,) = [v for v in VALUES if v.value == 48]
    assert "maple" in significant.source and "sequoia" in significant.source
    in_context = [v for v in one("ed6", rule="at most") if v.value == 0]
    assert len(in_context) == 4 * 6 and not any("eagle" in v.cell for v in in_context)
    assert [v.rule for v in one("fig4a", value=0.007)] == ["at most"]


def test_columns_are_columns_of_tables():
    from subliminal.workflow.documentation import schemas

    tables = {table.name: table for table in schemas(*(f"{kind}.schemas" for kind in KINDS))}
    for where in [*PARTS, *(value for value in VALUES if value.table)]:
        columns = set(tables[where.table].columns)
        parts = [p for text in (where.filters, where.minus, where.over) for p in text.split(";")]
        asked = {part.partition("=")[0] for part in parts if "=" in part}
        divisor = {where.over} if where.over and "=" not in where.over else set()
        assert {*asked, where.column, *divisor} <= columns, where


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


def test_the_figures_of_a_comparison_draw_every_claim_and_value(planned):
    made, tables = planned
    found = whole(made, claimed(PARTS, made, tables), compared(VALUES[:60], made, tables))
    told = SimpleNamespace(model_organism=False)
    drawn = claims_figure(found, told).to_dict()["datasets"]
    (rows,) = drawn.values()
    assert [row["verdict"] for row in rows] == found.claims["verdict"].tolist()
    (rows,) = verdicts(found, told).to_dict()["datasets"].values()
    assert len(rows) == sum(not value.repeats for value in VALUES[:60])


def test_what_repeats_another_value_names_its_cell():
    for value in VALUES:
        cells = {v.cell for v in VALUES if v.item == value.item and not v.repeats}
        assert not value.repeats or value.repeats in cells, value


# What the paper says, against the tables that the experiments will have


@pytest.fixture(scope="module")
def planned():
    """The spec of the comparison with the whole paper, and the rows that its tables will have."""
    project = Project.load(REPOSITORY)
    made = project.jobs("replication").compare(SimpleNamespace(experiment="paper"))
    found = {
        (run, name): table
        for run in made.runs.values()
        for name, table in planned_tables(project.config, run).items()
    }
    return made, found


def test_other_versions_of_an_item_are_compared_only_if_they_are_named():
    """The first version's figures; its MNIST has claims of its own and stays."""
    config = Project.load(REPOSITORY).config
    whole = config.experiments["paper"]
    left_out = set(config.items) - set(whole.compared(config))
    assert left_out == {f"v1_fig{number}" for number in (3, 4, 5, 7, 8, 9)}
    assert not [name for name in whole.named(config) if name.startswith("v1_")]
    named = whole.model_copy(update={"items": ["v1_fig8"]})
    assert named.named(config) == ["fig5a", "v1_fig8_qwen"]


def test_every_value_has_its_counterpart(planned):
    """But for those of tables of frequent numbers, which only data can tell."""
    made, tables = planned
    assert made.not_run == {}
    frame = compared([v for v in VALUES if v.table], made, tables)
    lost = frame[frame["ours"].isna()]
    assert set(lost["item"]) <= {"ed_table1"}, lost
    assert set(lost["verdict"]) <= {NO}, lost


def test_every_claim_has_its_counterpart(planned):
    frame = claimed(PARTS, *planned)
    assert len(frame) == len(by_claim(PARTS))
    assert not frame.loc[frame["verdict"] == "not run", ["item", "claim", "why"]].values.tolist()


def test_stand_ins_can_be_asked_for_every_claim():
    """But for those about experiments that others stand in for as a whole."""
    project = Project.load(REPOSITORY)
    made = project.jobs("replication").compare(SimpleNamespace(experiment="miniature"))
    whole = project.config.stand_ins["miniature"].experiments
    asked = [part for part in PARTS if part.experiment not in whole]
    tables = {
        (run, name): table
        for run in {made.runs[part.experiment] for part in asked}
        for name, table in planned_tables(project.config, run).items()
    }
    frame = claimed(asked, made, tables)
    assert not frame.loc[frame["verdict"] == "not run", ["item", "claim", "why"]].values.tolist()
    assert frame["model_organism"].all()


def _misspelt(filters, column):
    parts = filters.split(";")
    return ";".join(f"{part}x" if part.startswith(f"{column}=") else part for part in parts)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("transmission", "trait"),
        ("transmission", "condition"),
        ("transmission", "measure"),
        ("increases", "teacher_base"),
        ("increases", "student_base"),
        ("increases", "variant"),
        ("runs", "teacher_trait"),
        ("question_rates", "models"),
        ("channel", "trait"),
        ("classifier", "wording"),
        ("in_context", "target"),
        ("accuracy", "model"),
        ("theorem_summary", "init"),
    ],
)
def test_a_misspelt_name_has_no_counterpart(planned, table, column):
    made, tables = planned
    first = next(v for v in VALUES if v.table == table and f"{column}=" in v.filters)
    wrong = [
        first.model_copy(update={"filters": _misspelt(first.filters, column)}),
        first.model_copy(update={"column": f"{first.column}x"}),
        first.model_copy(update={"minus": "nothing"}),
        first.model_copy(update={"filters": f"{first.filters};colour=red"}),
    ]
    frame = compared([first, *wrong], made, tables)
    assert list(frame["ours"].isna()) == [False, True, True, True, True]
    assert "no such rows" in frame["why"].iloc[1]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rule": "eqal"}, "'equal'"),
        ({"value": "many"}, "'many'"),
        ({"value": ""}, "do not go together"),
        ({"rule": "rises"}, "do not go together"),
        ({"rule": "none", "value": "", "within": ""}, "needs 'within'"),
        ({"null": "0"}, "leave it empty"),
        ({"low": "0"}, "go together"),
        ({"interval": "ci95"}, "go together"),
        ({"low": "0", "high": "0.1", "interval": "ci"}, "'ci95'"),
        ({"table": ""}, "'not_compared'"),
        ({"not_compared": "by eye"}, "'not_compared'"),
        ({"trust": "hearsay"}, "'third party'"),
        ({"experiment": "Fig. 3"}, "a file's name"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(changed, says):
    head, first, *_ = TEXT.splitlines()
    row = next(csv.DictReader([head, first]))
    assert row["rule"] == "equal"
    with StringIO() as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows([row, row | changed])
        text = file.getvalue()
    with pytest.raises(RemarkedError) as failure:
        read_rows(Expected, text, EXPECTED)
    assert says in str(failure.value)
    assert {remark.line for remark in failure.value.remarks} == {3}


def test_another_head_is_refused():
    with pytest.raises(RemarkedError, match="experiment is missing, and experimant is too much"):
        read_rows(Expected, TEXT.replace("experiment", "experimant", 1), EXPECTED)


# The experiment


PAPER_FILE = """\
kind: replication
title: Ours
paper: some
model_organism: false
items: [one, two]
{more}
"""
ITEMS = """\
one: {title: One, experiments: [sample, absent], shown: [transmission]}
two: {title: Two, experiments: [mnist], shown: [accuracy]}
"""


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    (tmp_path / "config/paper/items.yaml").write_text(ITEMS)
    return tmp_path


def load(root, more=""):
    (root / "config/experiments/ours.yaml").write_text(PAPER_FILE.format(more=more))
    return Project.load(root, {"experiments": ["theorem"]})


def test_what_is_compared_is_computed_with_it(root):
    project = load(root)
    assert project.asked(["ours"]) == ["ours", "sample", "mnist"]
    assert project.report_of("ours") == "results/reports/ours.html"
    jobs, w = project.jobs("replication"), SimpleNamespace(experiment="ours")
    assert jobs.tables(w) == [f"results/tables/{n}/manifest.json" for n in ("sample", "mnist")]
    made = jobs.compare(w)
    assert made.runs == {"sample": "sample", "mnist": "mnist"}
    assert list(made.not_run) == ["absent"] and "absent.yaml" in made.not_run["absent"]
    assert made.model_organisms == ["sample"]
    assert [text.name for text in project.build_report(
        SimpleNamespace(report="reports/ours")
    ).experiments] == ["ours", "sample", "mnist"]  # fmt: skip


def test_another_experiment_can_be_run_in_the_place_of_one(root):
    project = load(root, "runs: {absent: theorem}")
    made = project.jobs("replication").compare(SimpleNamespace(experiment="ours"))
    assert made.runs["absent"] == "theorem" and made.not_run == {}
    assert "theorem" in project.asked(["ours"])


def test_hosted_bases_are_left_out_on_demand(root):
    sample = root / broken_configs.SAMPLE
    sample.write_text(
        sample.read_text().replace("student_bases: [tiny-b]", "student_bases: [gpt-4.1-nano]")
    )
    made = load(root, "without_hosted: true").jobs("replication").compare(
        SimpleNamespace(experiment="ours")
    )  # fmt: skip
    assert list(made.runs) == ["mnist"]
    assert "gpt-4.1-nano" in made.not_run["sample"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("runs: {sampel: mnist}", "'sample'"),
        ("runs: {sample: mnits}", "'mnist'"),
        ("runs: {sample: ours}", "compares experiments itself"),
    ],
)
def test_names_that_do_not_exist_are_refused(root, more, says):
    project = load(root, more)
    with pytest.raises(ConfigError, match=r"config/experiments/ours\.yaml") as failure:
        project.asked(["ours"])
    assert says in str(failure.value)
