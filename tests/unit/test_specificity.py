"""Is it the teacher's own trait and base? Matrix, diagonal, wrong pairs, differences."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from summary_fixture import (
    GATES,
    MEASURES,
    ROLES,
    SHARES,
    TRAITS,
    bases,
    channel,
    logit,
    runs,
    table,
    teachers,
    whole_table,
)

from subliminal.transmission import specificity, summary


def matrix(some_runs=None):
    frame = runs() if some_runs is None else some_runs
    return specificity.trait_matrix(frame, bases([0.05, 0.06, 0.07]), MEASURES)


def test_matrix_holds_lifts_over_the_untrained_base():
    cells = matrix().set_index(["measure", "teacher_trait", "measured_trait"])
    own = SHARES["wolf"]["wolf"]
    share, margin = (cells.loc[(measure, "wolf", "wolf")] for measure in MEASURES)
    assert (share["mean"], share.lift) == pytest.approx((np.mean(own), np.mean(own) - 0.06))
    logits = np.mean([logit(value) for value in own])
    assert (margin["mean"], margin.lift) == pytest.approx((logits, logits - logit(0.06)))
    assert len(cells.loc["share"]) == len(cells.loc["margin"]) == 9
    assert set(cells.index.get_level_values("measure")) == set(MEASURES)
    assert "none" not in set(cells.index.get_level_values("teacher_trait"))


def test_the_diagonal_is_tested_once_per_group_and_measure():
    every = dict.fromkeys(TRAITS, "confirmation")
    found = specificity.diagonal_table(matrix(), every).set_index("measure")
    assert list(found.index) == ["share", "margin"]
    row = found.loc["share"]
    assert (row["traits"], row["permutations"]) == (3, 6)
    assert row["gamma"] > 0.3
    assert row["p_value"] == pytest.approx(1 / 6)


def test_the_diagonal_leaves_out_what_recipes_were_tuned_on():
    row = specificity.diagonal_table(matrix(), ROLES).set_index("measure").loc["share"]
    assert (row["traits"], row["permutations"]) == (2, 2)


def test_a_matrix_with_a_missing_value_has_no_test_and_no_error():
    none = {**SHARES, "owl": {**SHARES["owl"], "owl": [0.5, float("nan"), 0.6]}}
    found = matrix(runs(none))
    found = found[found.measure == "share"]
    cell = found[(found.teacher_trait == "owl") & (found.measured_trait == "owl")]
    assert cell["mean"].isna().all() and cell["lift"].isna().all()
    tests = specificity.diagonal_table(found, ROLES)
    assert len(tests) == 1 and tests[["gamma", "p_value"]].isna().all(axis=None)


def test_a_single_trait_has_no_diagonal_to_test():
    only = runs({"owl": SHARES["owl"], "none": SHARES["none"]})
    assert specificity.diagonal_table(matrix(only), ROLES).empty


def test_a_wrong_pair_is_judged_by_the_verdicts_rule():
    """Wolf's students of owl: against regular data and eagle's students, not against owl's."""
    found = specificity.wrong_pairs(runs(), MEASURES).set_index(
        ["measure", "teacher_trait", "measured_trait"]
    )
    assert len(found) == 2 * 6
    two = runs({taught: SHARES[taught] for taught in ("owl", "wolf", "none")})
    assert specificity.wrong_pairs(two, MEASURES).empty
    assert found.loc[("share", "wolf", "owl"), "verdict"] == "not told apart"
    assert found.loc[("share", "owl", "wolf"), "verdict"] == "not told apart"
    drift = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [0.78, 0.88, 0.83]}}
    found = specificity.wrong_pairs(runs(drift), ["share"]).set_index(
        ["teacher_trait", "measured_trait"]
    )
    row = found.loc[("wolf", "owl")]
    assert row.verdict == "transmission"
    low, high = scipy_stats.t.interval(
        0.95, 2, loc=np.mean([0.78, 0.88, 0.83]), scale=scipy_stats.sem([0.78, 0.88, 0.83])
    )
    assert (row.low, row.high) == pytest.approx((low, high))


def test_the_difference_of_differences_is_over_confirmation_traits():
    elsewhere = {
        taught: {trait: [0.1, 0.11, 0.12] for trait in TRAITS} for taught in (*TRAITS, "none")
    }
    both = pd.concat([runs(), runs(elsewhere).assign(student_base="tiny-b")])
    before = pd.concat([bases([0.05] * 3), bases([0.05] * 3).assign(base="tiny-b")])
    table = summary.transmission_table(both, before, teachers(), channel(), MEASURES, ROLES, GATES)
    found = specificity.base_differences(table).set_index("measure").loc["share"]
    rises = [
        np.mean(SHARES[trait][trait]) - np.mean(SHARES["none"][trait]) for trait in ("owl", "eagle")
    ]
    low, high = scipy_stats.t.interval(0.95, 1, loc=np.mean(rises), scale=scipy_stats.sem(rises))
    assert (found.student_base, found.traits) == ("tiny-b", 2)
    assert (found["mean"], found.low, found.high) == pytest.approx((np.mean(rises), low, high))


def test_a_missing_value_leaves_controls_without_a_verdict_and_differences_empty():
    none = {**SHARES, "wolf": {**SHARES["wolf"], "owl": [float("nan")] * 3}}
    assert table(runs(none)).loc[("owl", "trait"), "verdict"].startswith("uninterpretable")
    lost = {**SHARES, "owl": {**SHARES["owl"], "owl": [float("nan")] * 3}}
    both = pd.concat([runs(lost), runs(lost).assign(student_base="tiny-b")])
    before = pd.concat([bases([0.05] * 3), bases([0.05] * 3).assign(base="tiny-b")])
    frame = summary.transmission_table(both, before, teachers(), channel(), MEASURES, ROLES, GATES)
    found = specificity.base_differences(frame).set_index("measure").loc["share"]
    assert found.traits == 2 and math.isnan(found["mean"]) and math.isnan(found.low)


def test_without_a_second_base_there_is_no_difference():
    assert specificity.base_differences(whole_table()).empty
