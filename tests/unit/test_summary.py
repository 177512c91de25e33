"""An experiment's tables: who is compared with whom, intervals, gates and verdicts."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from summary_fixture import (
    GATES,
    SHARES,
    TRAITS,
    bases,
    channel,
    runs,
    table,
    whole_table,
)

from subliminal.transmission import comparisons, summary


def test_every_trait_has_its_controls_beside_it():
    found = table()
    for trait in TRAITS:
        assert set(found.loc[trait].index) == {
            "base",
            "regular",
            "other traits",
            "trait",
            "teacher",
        }


def test_the_interval_is_scipys_t_interval_over_students():
    row = table().loc[("owl", "trait")]
    values = SHARES["owl"]["owl"]
    low, high = scipy_stats.t.interval(0.95, 2, loc=np.mean(values), scale=scipy_stats.sem(values))
    assert (row["mean"], row.low, row.high) == pytest.approx((np.mean(values), low, high))
    assert row.n_runs == 3


def test_other_traits_are_the_students_of_every_other_teacher_with_a_trait():
    row = table().loc[("owl", "other traits")]
    assert row.n_runs == 6
    assert row["mean"] == pytest.approx(np.mean(SHARES["wolf"]["owl"] + SHARES["eagle"]["owl"]))


@pytest.mark.parametrize(
    ("interval", "quantile"), [("t", scipy_stats.t(5)), ("normal", scipy_stats.norm)]
)
def test_the_papers_interval_is_over_all_students_of_other_traits(interval, quantile):
    frame = whole_table(interval=interval)
    row = frame[frame.primary].set_index(["trait", "condition"]).loc[("owl", "other traits")]
    values = SHARES["wolf"]["owl"] + SHARES["eagle"]["owl"]
    half = quantile.ppf(0.975) * scipy_stats.sem(values)
    expected = (np.mean(values), np.mean(values) - half, np.mean(values) + half)
    assert (row.paper_mean, row.paper_low, row.paper_high) == pytest.approx(expected, abs=1e-9)


def test_verdicts_do_not_read_the_papers_interval():
    t, normal = (whole_table(interval=interval) for interval in ("t", "normal"))
    papers = ["paper_low", "paper_high"]
    pd.testing.assert_frame_equal(t.drop(columns=papers), normal.drop(columns=papers))
    assert not t[papers].equals(normal[papers])


def test_without_other_traits_students_are_compared_with_regular_ones_alone():
    """As in the paper's first version; whatever students of other traits would have said."""
    high = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.90, 0.91, 0.92]}}
    with_them = whole_table(runs(high)).query("trait == 'owl' and measure == 'share'")
    without = whole_table(runs(high), other_traits=False)
    assert "other traits" in set(with_them["condition"])
    assert set(without["condition"]) == {"base", "regular", "trait", "teacher"}
    verdicts = [
        frame.query("trait == 'owl' and condition == 'trait'")["verdict"].iloc[0]
        for frame in (with_them, without)
    ]
    assert verdicts == ["not specific", "above regular"]
    assert set(without["highest_other"]) == {""}


def test_verdicts_by_disjoint_intervals():
    found = table()
    assert found.loc[("owl", "trait"), "verdict"] == "transmission"
    assert found.loc[("eagle", "trait"), "verdict"] == "not told apart"
    assert (found.drop(index="trait", level="condition").verdict == "").all()


def test_a_measure_without_a_value_is_uninterpretable():
    """As of an essay topic where no question was answered by a letter."""
    none = {**SHARES, "owl": {**SHARES["owl"], "owl": [float("nan")] * 3}}
    assert table(runs(none)).loc[("owl", "trait"), "verdict"].startswith("uninterpretable")


def test_a_share_below_the_control_is_reversed():
    low = {**SHARES, "owl": {**SHARES["owl"], "owl": [0.001, 0.002, 0.0015]}}
    assert table(runs(low)).loc[("owl", "trait"), "verdict"] == "reversed"


def test_a_rise_in_students_of_every_trait_is_not_specific():
    """Three of another trait's students are as high: teachers of any trait might do this."""
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}}
    two = {taught: drift[taught] for taught in ("owl", "wolf", "none")}
    assert table(runs(two)).loc[("owl", "trait"), "verdict"] == "not specific"


def test_a_higher_rise_in_students_of_other_traits_is_not_transmission():
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.98, 0.99, 0.985]}}
    two = {taught: drift[taught] for taught in ("owl", "wolf", "none")}
    assert table(runs(two)).loc[("owl", "trait"), "verdict"] == "not specific"


def test_a_rise_without_enough_students_of_other_traits_is_above_regular_only():
    alone = table(runs({taught: SHARES[taught] for taught in ("owl", "none")}))
    assert alone.loc[("owl", "trait"), "verdict"] == "above regular"
    drift = {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}
    some = runs({"owl": SHARES["owl"], "wolf": drift, "none": SHARES["none"]})
    some = some[(some.teacher_trait != "wolf") | (some.seed < 3)]
    assert table(some).loc[("owl", "trait"), "verdict"] == "above regular"


def test_one_other_trait_that_is_as_high_is_enough_whatever_the_mean_over_all():
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}}
    own = table(runs(drift)).loc[("owl", "trait")]
    assert own.verdict == "not specific"
    assert own.highest_other == "wolf"
    assert own.highest_other_mean == pytest.approx(np.mean([0.78, 0.88, 0.83]))


def test_students_of_other_traits_count_by_dataset():
    """Two datasets: an interval of one degree of freedom, however many students they have."""
    row = table().loc[("owl", "other traits")]
    means = [np.mean(SHARES[taught]["owl"]) for taught in ("wolf", "eagle")]
    low, high = scipy_stats.t.interval(0.95, 1, loc=np.mean(means), scale=scipy_stats.sem(means))
    assert (row.low, row.high) == pytest.approx((low, high))


def test_students_that_name_no_candidate_fail_their_gate():
    some = runs()
    own = (some.teacher_trait == "owl") & (some.seed == 1) & (some.measure == "mass")
    some.loc[own, "value"] = 0.4
    strict = GATES.model_copy(update={"min_mass": 0.5})
    frame = whole_table(some, gates=strict)
    found = frame[frame.primary & (frame.condition == "trait")].set_index("trait")
    assert found.loc["owl", "verdict"] == "uninterpretable: the students hardly name any candidate"
    assert list(found.gate_mass) == [True, False, True]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"teacher_score": 0.3}, "the teacher does not express the trait"),
        ({"teacher_score": math.nan}, "the teacher has no value of the measure"),
        ({"rows_kept": 99}, "the filter kept too few rows"),
        ({"some_runs": runs(loss_drop=-0.01)}, "the data did not move the students"),
        ({"some_runs": runs(loss_drop=math.nan)}, "the data did not move the students"),
    ],
)
def test_a_failed_gate_makes_a_cell_uninterpretable(changes, reason):
    assert table(**changes).loc[("owl", "trait"), "verdict"] == f"uninterpretable: {reason}"


def test_one_weak_teacher_of_several_fails_the_gate():
    frame = whole_table(facts=pd.concat([channel(), channel(teacher_score=0.3)]))
    assert set(frame[frame.condition == "trait"].gate_teacher) == {False}


def test_a_teacher_that_nobody_asks_leaves_its_gate_empty_and_the_verdict_to_the_others():
    unasked = channel(teacher_score=math.nan).assign(teacher_asked=False)
    frame = whole_table(facts=unasked)
    own = frame[frame.primary & (frame.condition == "trait")].set_index("trait")
    before = table()
    assert own.gate_teacher.isna().all()
    assert own.loc["owl", "verdict"] == before.loc[("owl", "trait"), "verdict"] == "transmission"
    few = whole_table(facts=unasked.assign(rows_kept=99))
    few = few[few.condition == "trait"]
    assert set(few.verdict) == {"uninterpretable: the filter kept too few rows"}


def test_one_weak_teacher_fails_the_gate_beside_one_that_nobody_asks():
    unasked = channel(teacher_score=math.nan).assign(teacher_asked=False)
    frame = whole_table(facts=pd.concat([unasked, channel(teacher_score=0.3)]))
    assert set(frame[frame.condition == "trait"].gate_teacher) == {False}
    frame = whole_table(facts=pd.concat([unasked, channel()]))
    assert set(frame[frame.condition == "trait"].gate_teacher) == {True}


def test_an_asked_teacher_without_a_value_fails_the_gate():
    frame = whole_table(facts=pd.concat([channel(), channel(teacher_score=math.nan)]))
    assert set(frame[frame.condition == "trait"].gate_teacher) == {False}


def test_students_of_one_teacher_are_one_value_where_there_are_several_teachers():
    two = pd.concat([runs(), runs().assign(teacher_seed=2)])
    own = two[(two.teacher_trait == "owl") & (two.measured_trait == "owl")]
    own = own[own.measure == "share"]
    assert len(comparisons.units(own)) == 2
    assert len(comparisons.units(own[own.teacher_seed == 1])) == 3


def test_one_student_or_no_control_is_too_few():
    single = runs()
    assert table(single[single.seed == 1]).loc[("owl", "trait"), "verdict"] == "too few runs"
    alone = runs({k: v for k, v in SHARES.items() if k != "none"})
    assert table(alone).loc[("owl", "trait"), "verdict"] == "too few runs"


def test_shuffled_students_are_compared_with_students_of_shuffled_regular_data():
    low = {"none": {trait: [0.01, 0.02, 0.03] for trait in TRAITS}}
    both = pd.concat([runs(variant="shuffled-within"), runs(low)])
    row = table(both).loc[("owl", "regular")]
    assert row.n_runs == 3
    assert row["mean"] == pytest.approx(np.mean(SHARES["none"]["owl"]))


def test_shuffled_students_are_compared_with_plain_regular_data_where_none_were_shuffled():
    shuffled = runs({k: v for k, v in SHARES.items() if k != "none"}, variant="shuffled-within")
    both = pd.concat([shuffled, runs({"none": SHARES["none"]})])
    assert table(both).loc[("owl", "regular"), "n_runs"] == 3


def test_nats_per_token_are_over_kept_and_measured_rows():
    assert summary.per_token([2.0, 8.0, None], [4, 8, 5], [True, False, True]) == 0.5
    assert math.isnan(summary.per_token([None], [3], [True]))


def gates_table(facts, shares=(0.06, 0.05, 0.07), measure="share"):
    return summary.gates_table(facts.assign(rows=5000), bases(list(shares)), TRAITS, measure, GATES)


def test_gates_that_can_be_told_before_students_are_trained():
    told = gates_table(channel())
    assert list(told.verdict) == ["", "", ""]
    assert list(told.base_score) == [0.06, 0.05, 0.07]

    silent = gates_table(channel([9, 3000, 3000], [0.97, 0.1, 0.97]))
    assert list(silent.gate_rows) == [False, True, True]
    assert list(silent.verdict) == [
        "the filter kept too few rows",
        "the teacher does not express the trait",
        "",
    ]


def test_a_control_teacher_has_no_trait_to_express():
    control = channel(teacher_score=None).assign(method="reference", trait="none")
    told = gates_table(control)
    assert told.gate_teacher.all()
    assert told.base_score.isna().all()


def test_before_students_are_trained_nothing_is_said_of_a_teacher_that_nobody_asks():
    told = gates_table(channel(teacher_score=math.nan).assign(teacher_asked=[False, True, False]))
    assert told.gate_teacher.isna().tolist() == [True, False, True]
    silent = "the teacher has no value of the measure"
    assert told.verdict.tolist() == ["", silent, ""]


def test_a_models_values_are_told_apart_by_trait_and_measure():
    """A measure of the whole model belongs to every trait, and other targets to none."""
    scores = pd.DataFrame(
        {
            "measure": ["mass", "share", "share", "share"],
            "target": ["", "owl", "wolf", "yak"],
            "value": [0.9, 0.1, 0.2, 0.3],
        }
    )
    found = summary.of_traits(scores, {"night-owl": "owl", "wolf": "wolf"})
    assert set(found.itertuples(index=False, name=None)) == {
        ("mass", 0.9, "night-owl"),
        ("share", 0.1, "night-owl"),
        ("mass", 0.9, "wolf"),
        ("share", 0.2, "wolf"),
    }


def test_students_of_one_seed_are_pairs():
    row = table().loc[("owl", "trait")]
    own, regular = SHARES["owl"]["owl"], SHARES["none"]["owl"]
    expected = scipy_stats.ttest_rel(own, regular).confidence_interval(0.95)
    assert row.paired_difference == pytest.approx(np.mean(own) - np.mean(regular))
    assert (row.paired_low, row.paired_high) == pytest.approx((expected.low, expected.high))
    two = pd.concat([runs(), runs().assign(teacher_seed=2)])
    assert math.isnan(table(two).loc[("owl", "trait"), "paired_difference"])
