"""Every statistic of the tables, on random runs: against scipy and statsmodels to 1e-9."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.weightstats import DescrStatsW
from summary_fixture import GATES, TRAITS, channel

from subliminal.transmission import specificity, summary
from subliminal.transmission.increases import increases_table
from subliminal.transmission.shuffle_averages import averages

ROLES = dict.fromkeys(TRAITS, "confirmation")
BASES = ("tiny-a", "tiny-b")
CLOSE = {"abs": 1e-9, "rel": 1e-9}


def students(rng):
    """Students of two bases: of each trait and of none, of several datasets or of one."""
    datasets, seeds = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    rows = [
        {
            "domain": "numbers",
            "method": "reference" if taught == "none" else "finetuned",
            "variant": "train",
            "recipe": "tiny",
            "teacher_base": "tiny-a",
            "student_base": base,
            "teacher_trait": taught,
            "teacher_seed": dataset,
            "seed": seed,
            "measured_trait": measured,
            "adopted": False,
            "loss_drop": 0.1,
            "measure": "share",
            "value": rng.uniform(),
        }
        for base, taught, dataset, seed, measured in itertools.product(
            BASES, (*TRAITS, "none"), range(datasets), range(seeds), TRAITS
        )
    ]
    return pd.DataFrame(rows)


def of_bases(rng):
    pairs = itertools.product(BASES, TRAITS)
    frame = pd.DataFrame(pairs, columns=["base", "trait"])
    return frame.assign(measure="share", value=rng.uniform(0.01, 1, len(frame)))


@pytest.fixture(params=range(6))
def case(request):
    """Random runs, bases, and the tables that are made of them."""
    rng = np.random.default_rng(request.param)
    runs, bases = students(rng), of_bases(rng)
    teachers = bases[bases.base == "tiny-a"].assign(method="finetuned", teacher_seed=1)
    interval = ("t", "normal")[request.param % 2]
    table = summary.transmission_table(
        runs, bases, teachers, channel(), ["share"], ROLES, GATES, interval
    )
    return runs, bases, table, interval


def values(runs, base, trait, condition):
    """The rows behind a condition, chosen by hand."""
    seen = runs[(runs.student_base == base) & (runs.measured_trait == trait)]
    chosen = {
        "regular": seen.teacher_trait == "none",
        "trait": seen.teacher_trait == trait,
        "other traits": ~seen.teacher_trait.isin(["none", trait]),
    }
    return seen[chosen[condition]]


def confidence(sample, kind="t"):
    return getattr(DescrStatsW(np.asarray(sample)), f"{kind}confint_mean")()


def test_intervals_of_every_condition(case):
    runs, _, table, interval = case
    rows = table[table.condition.isin(["regular", "trait", "other traits"])]
    assert len(rows) == 2 * 3 * 3
    for row in rows.itertuples():
        found = values(runs, row.student_base, row.trait, row.condition)
        by_dataset = found.groupby(["teacher_trait", "teacher_seed"])["value"].mean()
        together = row.condition == "other traits" or found["teacher_seed"].nunique() > 1
        independent = by_dataset if together else found["value"]
        assert row.mean == pytest.approx(independent.mean(), **CLOSE)
        assert (row.low, row.high) == pytest.approx(confidence(independent), **CLOSE)
        assert row.n_runs == len(found)
        papers = confidence(found["value"], {"t": "t", "normal": "z"}[interval])
        assert row.paper_mean == pytest.approx(found["value"].mean(), **CLOSE)
        assert (row.paper_low, row.paper_high) == pytest.approx(papers, **CLOSE)


def test_paired_differences(case):
    runs, _, table, _ = case
    for row in table[table.condition == "trait"].itertuples():
        own, regular = (values(runs, row.student_base, row.trait, c) for c in ("trait", "regular"))
        if own["teacher_seed"].nunique() > 1:
            assert pd.isna(row.paired_difference)
            continue
        pair = own.sort_values("seed")["value"], regular.sort_values("seed")["value"]
        expected = scipy_stats.ttest_rel(*pair).confidence_interval(0.95)
        assert row.paired_difference == pytest.approx(pair[0].mean() - pair[1].mean(), **CLOSE)
        assert (row.paired_low, row.paired_high) == pytest.approx(tuple(expected), **CLOSE)


def test_differences_of_differences(case):
    runs, _, table, _ = case

    def rise(base, trait):
        own, regular = (values(runs, base, trait, c)["value"] for c in ("trait", "regular"))
        return own.mean() - regular.mean()

    differences = [rise("tiny-a", trait) - rise("tiny-b", trait) for trait in TRAITS]
    (row,) = specificity.base_differences(table).itertuples()
    assert (row.mean, row.low, row.high) == pytest.approx(
        (np.mean(differences), *confidence(differences)), **CLOSE
    )


def test_lifts_and_the_diagonal_by_every_order_of_traits(case):
    runs, bases, _, _ = case
    matrix = specificity.trait_matrix(runs, bases, ["share"])
    tests = specificity.diagonal_table(matrix, ROLES).set_index("student_base")
    for base in BASES:
        before = bases[bases.base == base].set_index("trait")["value"]
        seen = runs[(runs.student_base == base) & (runs.teacher_trait != "none")]
        lifts = seen.pivot_table(
            index="teacher_trait", columns="measured_trait", values="value", aggfunc="mean"
        )
        lifts = lifts - before
        found = matrix[matrix.student_base == base].pivot(
            index="teacher_trait", columns="measured_trait", values="lift"
        )
        np.testing.assert_allclose(found, lifts, atol=1e-9)
        square = lifts.to_numpy()
        k = len(square)
        gammas = []
        for order in itertools.permutations(range(k)):
            moved = square[:, list(order)]
            diagonal = np.trace(moved)
            gammas.append(diagonal / k - (moved.sum() - diagonal) / (k * (k - 1)))
        assert tests.loc[base, "gamma"] == pytest.approx(gammas[0], **CLOSE)
        share = np.mean([gamma >= gammas[0] - 1e-12 for gamma in gammas])
        assert tests.loc[base, "p_value"] == pytest.approx(share, **CLOSE)


def test_increases_over_runs_and_over_traits(case):
    runs, bases, _, interval = case
    table = increases_table(runs, bases, ["share"], interval)
    assert len(table) == 2 * 3
    kind = {"t": "t", "normal": "z"}[interval]
    for row in table.itertuples():
        before = bases[bases.base == row.student_base].set_index("trait")["value"]
        own = {t: values(runs, row.student_base, t, row.condition)["value"] for t in TRAITS}
        rises = np.concatenate([own[trait] - before[trait] for trait in TRAITS])
        found = row.increase, row.increase_low, row.increase_high
        assert found == pytest.approx((rises.mean(), *confidence(rises, kind)), **CLOSE)
        changes = [(own[t].mean() - before[t]) / before[t] for t in TRAITS]
        found = row.relative, row.relative_low, row.relative_high
        assert found == pytest.approx((np.mean(changes), *confidence(changes)), **CLOSE)


@pytest.mark.parametrize("seed", range(5))
def test_averages_over_shuffles(seed):
    rng = np.random.default_rng(seed)
    data = ["untrained", "regular data", "as written", "shuffled within", "shuffled across"]
    means = pd.DataFrame(
        [{"data": d, "trait": t, "mean": rng.uniform()} for d in data for t in range(5)]
    )
    found = averages(means)
    assert list(found["data"]) == data
    for row in found.itertuples():
        sample = means.loc[means["data"] == row.data, "mean"]
        expected = (sample.mean(), *confidence(sample))
        assert (row.mean, row.low, row.high) == pytest.approx(expected, **CLOSE)
