"""Where ours is found in a table."""

import math

import pytest
from replication_fixture import CLOSE, NOT_RUN, TABLE, YES, each, near, paper
from scipy import stats as scipy_stats

from subliminal.replication.measured import Names, by_own_rule, measured
from subliminal.replication.verdicts import verdict


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


def test_a_claim_is_about_each_trait():
    assert each("condition=trait", "trait", minus="condition=base") == {"owl": 0.5, "eagle": 0.2}
    assert each("condition=trait;trait=owl", "") == {"": 0.6}
    # Of a trait that is asked for and not there, nothing is claimed by the others.
    assert each("condition=trait;trait=owl|wolf", "trait") is None
    # Nor where one of them has nothing to be compared with.
    assert each("condition=trait", "trait", minus="condition=regular") is None
    assert each("condition=trait", "colour") is None
