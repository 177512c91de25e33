"""Averages over traits: the increase of Fig. 5 and the relative change of ED Fig. 5e."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW
from summary_fixture import MEASURES, SHARES, TRAITS, bases, logit, runs

from subliminal.transmission.increases import increases_table, with_failed_gates

BEFORE = dict(zip(TRAITS, (0.05, 0.06, 0.07), strict=True))
KEYS = ["student_base", "measure", "condition"]


def averages(some_runs=None, before=BEFORE, measure="share", interval="t"):
    """The rows of one measure by condition."""
    frame = runs() if some_runs is None else some_runs
    found = increases_table(frame, bases(list(before.values())), MEASURES, interval)
    assert not found.duplicated(KEYS).any()
    return found[found.measure == measure].set_index("condition")


def rises(teachers_of, before=BEFORE, of=lambda share: share):
    """By trait, each run's rise over the untrained base."""
    return {
        trait: [
            of(value) - of(before[trait])
            for teacher in teachers_of(trait)
            for value in SHARES[teacher][trait]
        ]
        for trait in TRAITS
    }


OWN = rises(lambda trait: [trait])
CASES = {
    "trait": lambda trait: [trait],
    "regular": lambda trait: ["none"],
    "other traits": lambda trait: [other for other in TRAITS if other != trait],
}


@pytest.mark.parametrize("condition", CASES)
@pytest.mark.parametrize(("interval", "theirs"), [("t", "t"), ("normal", "z")])
def test_the_increase_is_per_run_and_then_over_the_runs_of_all_traits(condition, interval, theirs):
    """Fig. 5, as its text has it: development traits are in it, too."""
    row = averages(interval=interval).loc[condition]
    runs_of = [rise for of_trait in rises(CASES[condition]).values() for rise in of_trait]
    low, high = getattr(DescrStatsW(runs_of), f"{theirs}confint_mean")()
    values = [SHARES[teacher][t] for t in TRAITS for teacher in CASES[condition](t)]
    bounds = getattr(DescrStatsW(np.ravel(values)), f"{theirs}confint_mean")()
    assert row["mean"] == pytest.approx(np.mean(values), abs=1e-9)
    assert (row.mean_low, row.mean_high) == pytest.approx(bounds, abs=1e-9)
    assert (row.traits, row.n_runs) == (3, len(runs_of))
    assert row.increase == pytest.approx(np.mean(runs_of), abs=1e-9)
    assert (row.increase_low, row.increase_high) == pytest.approx((low, high), abs=1e-9)
    assert row.starred == (low > 0 or high < 0)
    assert row["mean"] - row.base_mean == pytest.approx(row.increase, abs=1e-9)


def test_traits_are_a_unit_beside_runs():
    row = averages().loc["trait"]
    means = [np.mean(of_trait) for of_trait in OWN.values()]
    low, high = scipy_stats.t.interval(0.95, 2, np.mean(means), scipy_stats.sem(means))
    assert row.trait_increase == pytest.approx(np.mean(means), abs=1e-9)
    assert (row.trait_increase_low, row.trait_increase_high) == pytest.approx((low, high), abs=1e-9)


def test_a_trait_with_more_runs_weighs_more_in_runs_and_not_in_traits():
    frame = runs()
    fewer = frame[(frame.teacher_trait != "owl") | (frame.seed == 1)]
    row = averages(fewer).loc["trait"]
    kept = {**OWN, "owl": OWN["owl"][:1]}
    assert row.increase == pytest.approx(np.mean([r for part in kept.values() for r in part]))
    assert row.trait_increase == pytest.approx(np.mean([np.mean(part) for part in kept.values()]))


def test_the_relative_change_is_the_mean_over_traits_of_each_ones_own():
    """ED Fig. 5e: of a rate, with its controls."""
    found = averages()
    for condition, teachers_of in CASES.items():
        changes = [np.mean(part) / BEFORE[t] for t, part in rises(teachers_of).items()]
        row = found.loc[condition]
        low, high = scipy_stats.t.interval(0.95, 2, np.mean(changes), scipy_stats.sem(changes))
        assert row.relative_traits == 3
        assert (row.relative, row.relative_low, row.relative_high) == pytest.approx(
            (np.mean(changes), low, high), abs=1e-9
        )


def test_nothing_is_relative_to_a_base_that_never_says_it_or_to_a_margin():
    frame = runs()
    rates = frame[frame.measure == "share"]
    before = pd.DataFrame({"base": "tiny-a", "trait": TRAITS, "value": [0.0, 0.06, 0.07]})
    row = increases_table(rates, before.assign(measure="share"), ["share"], "t").iloc[-1]
    assert row.relative_traits == 2
    changes = [np.mean(OWN[trait]) / BEFORE[trait] for trait in TRAITS[1:]]
    assert row.relative == pytest.approx(np.mean(changes))
    margin = averages(measure="margin").loc["trait"]
    expected = [rise for part in rises(CASES["trait"], of=logit).values() for rise in part]
    assert margin.increase == pytest.approx(np.mean(expected))
    assert margin.relative_traits == 0
    assert math.isnan(margin.relative)


def test_a_single_run_has_no_interval_and_no_star():
    frame = runs({"owl": {"owl": [0.9]}})
    row = averages(frame[frame.seed == 1]).loc["trait"]
    assert (row.n_runs, row.starred) == (1, False)
    assert math.isnan(row.increase_low)


def test_a_fall_is_starred_too():
    low = {trait: {t: [0.0101, 0.0102, 0.0103] for t in TRAITS} for trait in TRAITS}
    row = averages(runs(low)).loc["trait"]
    assert row.increase < 0
    assert row.starred


def test_students_are_compared_with_their_own_base():
    there = runs().assign(student_base="tiny-b")
    before = pd.concat([bases(list(BEFORE.values())), bases([0.5, 0.5, 0.5]).assign(base="tiny-b")])
    found = increases_table(pd.concat([runs(), there]), before, ["share"], "t").set_index(KEYS)
    here, elsewhere = (found.loc[(b, "share", "trait")] for b in ("tiny-a", "tiny-b"))
    assert (here.base_mean, elsewhere.base_mean) == pytest.approx((0.06, 0.5))
    assert here.increase - elsewhere.increase == pytest.approx(0.44)


def test_what_is_taught_and_not_measured_is_another_trait():
    frame = runs()
    row = averages(frame[frame.measured_trait != "eagle"]).loc["other traits"]
    values = [SHARES[t][m][i] for m, t in _others(("owl", "wolf")) for i in range(3)]
    assert (row.traits, row.n_runs) == (2, len(values))
    assert row["mean"] == pytest.approx(np.mean(values))


def _others(measured):
    return [(m, t) for m in measured for t in TRAITS if t != m]


def test_a_missing_value_is_not_averaged_away():
    frame = runs()
    frame.loc[(frame.teacher_trait == "owl") & (frame.measured_trait == "owl"), "value"] = math.nan
    row = averages(frame).loc["trait"]
    assert math.isnan(row.increase) and math.isnan(row.trait_increase) and math.isnan(row.relative)
    assert not row.starred


def test_one_run_without_a_value_is_not_averaged_away():
    """A trait's mean over the runs that are left would say something of other runs."""
    frame = runs()
    own = (frame.teacher_trait == "owl") & (frame.measured_trait == "owl")
    frame.loc[frame[own].index[0], "value"] = math.nan
    row = averages(frame).loc["trait"]
    assert math.isnan(row.increase) and math.isnan(row.trait_increase)


def test_an_average_over_a_trait_whose_gate_failed_says_so():
    """A mean over fifteen animals would hide the teacher that never had its trait."""
    averaged = increases_table(runs(), bases(list(BEFORE.values())), ["share", "margin"], "t")
    cells = averaged[averaged.condition == "trait"].drop(columns="traits")
    cells = cells.merge(pd.DataFrame({"trait": TRAITS}), how="cross").assign(verdict="transmission")
    assert set(with_failed_gates(averaged, cells)["verdict"]) == {""}
    failed = (cells.trait == "owl") & (cells.measure == "share")
    cells.loc[failed, "verdict"] = "uninterpretable: the teacher shows too little of the trait"
    found = with_failed_gates(averaged, cells).set_index(["measure", "condition"])["verdict"]
    assert found[found != ""].index.tolist() == [("share", "trait")]
    assert found["share", "trait"].startswith("uninterpretable: owl, ")
