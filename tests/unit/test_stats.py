"""The statistics agree with scipy and statsmodels."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from subliminal.stats import (
    Interval,
    bootstrap_interval,
    diagonal_test,
    exact_interval,
    intervals_disjoint,
    normal_interval,
    normal_share_interval,
    question_mean,
    t_interval,
)

RATES = st.floats(-1, 1, allow_nan=False)


def matrix(k, seed, signal=0.0):
    return np.random.default_rng(seed).normal(size=(k, k)) + signal * np.eye(k)


def fitted_gamma(lift):
    """Gamma as ordinary least squares gives it, with a dummy per row and column."""
    k = len(lift)
    rows, columns = (index.ravel() for index in np.indices((k, k)))
    design = np.column_stack(
        [
            np.ones(k * k),
            *((rows == i) for i in range(1, k)),
            *((columns == j) for j in range(1, k)),
            rows == columns,
        ]
    ).astype(float)
    return sm.OLS(lift.ravel(), design).fit().params[-1]


@pytest.mark.parametrize("confidence", [0.95, 0.99])
@pytest.mark.parametrize("values", [[0.1, 0.4], [0.5, 0.62, 0.58, 0.7, 0.55], [0.3] * 4 + [0.9]])
def test_the_t_interval_is_scipys(values, confidence):
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(confidence)
    interval = t_interval(values, confidence)
    assert interval.mean == pytest.approx(np.mean(values))
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))
    assert interval.n == len(values)


@pytest.mark.parametrize(("own", "theirs"), [(t_interval, "t"), (normal_interval, "z")])
@pytest.mark.parametrize("n", [2, 3, 5, 18, 48, 200])
def test_intervals_of_random_values_are_those_of_statsmodels(own, theirs, n):
    for values in np.random.default_rng(n).uniform(size=(20, n)):
        expected = getattr(DescrStatsW(values), f"{theirs}confint_mean")(alpha=0.05)
        interval = own(values.tolist())
        assert interval.mean == pytest.approx(values.mean(), abs=1e-9)
        assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


def test_the_normal_interval_is_the_papers_1_96_standard_errors():
    values = [0.2, 0.5, 0.35]
    half_width = normal_interval(values).high - np.mean(values)
    assert half_width / scipy.stats.sem(values) == pytest.approx(1.96, abs=1e-4)


@pytest.mark.parametrize(("n", "quantile"), [(3, 4.303), (5, 2.776), (8, 2.365), (10, 2.262)])
def test_the_t_interval_has_the_papers_quantiles(n, quantile):
    values = np.arange(n, dtype=float)
    half_width = t_interval(values).high - values.mean()
    assert half_width / (values.std(ddof=1) / math.sqrt(n)) == pytest.approx(quantile, abs=5e-4)


@pytest.mark.parametrize("rule", [t_interval, normal_interval])
def test_one_value_has_a_mean_and_no_interval(rule):
    interval = rule([0.25])
    assert (interval.mean, interval.n) == (0.25, 1)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_equal_values_have_an_interval_without_width():
    assert t_interval([0.25, 0.25, 0.25]) == Interval(0.25, 0.25, 0.25, 3)


def test_no_value_has_no_interval():
    with pytest.raises(ValueError, match="at least one value"):
        t_interval([])


@pytest.mark.parametrize(("successes", "n"), [(0, 300), (300, 300), (150, 300), (1, 7)])
def test_the_exact_interval_is_that_of_statsmodels(successes, n):
    interval = exact_interval(successes, n)
    expected = proportion_confint(successes, n, method="beta")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)
    assert (interval.mean, interval.n) == (successes / n, n)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5), (0, -1)])
def test_impossible_counts_are_an_error(successes, n):
    with pytest.raises(ValueError):
        exact_interval(successes, n)


def test_a_question_weighs_the_same_whatever_its_number_of_samples():
    assert question_mean({"a": [1, 1, 1, 1], "b": [0], "c": [0, 1]}) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scores", "message"), [({}, "no questions"), ({"a": [1], "b": []}, "'b'")]
)
def test_a_mean_over_nothing_is_an_error(scores, message):
    with pytest.raises(ValueError, match=message):
        question_mean(scores)


@pytest.mark.parametrize(
    ("a", "b", "disjoint"),
    [
        ((0.1, 0.2), (0.3, 0.4), True),
        ((0.3, 0.4), (0.1, 0.2), True),
        ((0.1, 0.3), (0.2, 0.4), False),
        ((0.1, 0.4), (0.2, 0.3), False),
        ((0.1, 0.2), (0.2, 0.3), False),
        ((math.nan, math.nan), (0.2, 0.3), False),
    ],
)
def test_intervals_are_disjoint_when_they_share_no_point(a, b, disjoint):
    left, right = (Interval(sum(bounds) / 2, *bounds, n=5) for bounds in (a, b))
    assert intervals_disjoint(left, right) is disjoint


@pytest.mark.parametrize("k", [2, 3, 5, 9])
def test_gamma_is_the_least_squares_coefficient(k):
    lift = matrix(k, seed=k, signal=0.7)
    assert diagonal_test(lift).gamma == pytest.approx(fitted_gamma(lift), abs=1e-9)


@given(
    lift=arrays(float, (4, 4), elements=RATES),
    rows=arrays(float, (4, 1), elements=RATES),
    columns=arrays(float, (1, 4), elements=RATES),
)
def test_row_and_column_effects_add_nothing_to_gamma(lift, rows, columns):
    shifted = diagonal_test(lift + rows + columns)
    assert shifted.gamma == pytest.approx(diagonal_test(lift).gamma, abs=1e-9)


@pytest.mark.parametrize(("k", "signal"), [(2, 0.0), (3, 1.0), (5, 0.0), (5, 0.8), (6, -0.5)])
def test_the_p_value_is_that_of_scipys_exact_permutation_test(k, signal):
    lift = matrix(k, seed=10 + k, signal=signal)
    exact = scipy.stats.permutation_test(
        (np.arange(k),),
        lambda order: lift[np.arange(k), order].sum(),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=np.inf,
    )
    result = diagonal_test(lift)
    assert result.permutations == math.factorial(k)
    assert result.p_value == pytest.approx(exact.pvalue, abs=1e-9)


@pytest.mark.parametrize("k", [2, 4, 8])
def test_a_clear_diagonal_has_the_smallest_p_there_can_be(k):
    result = diagonal_test(np.eye(k))
    assert result.gamma == pytest.approx(1)
    assert result.p_value == pytest.approx(1 / math.factorial(k))


def test_permutations_that_tie_count_against_the_diagonal():
    # Sums of a tenth differ in their last bits with their order.
    assert diagonal_test(np.full((5, 5), 0.1)).p_value == 1


def test_more_than_eight_traits_are_tested_against_drawn_permutations():
    result = diagonal_test(np.eye(9))
    assert result.permutations == 20_001
    # The identity, and the few draws that may equal it: one order in 362,880.
    assert 1 / 20_001 <= result.p_value <= 3 / 20_001


def test_drawn_permutations_give_the_share_that_theory_expects():
    lift = matrix(9, seed=3, signal=0.2)
    # Hoeffding's combinatorial central limit theorem: the trace under random orders is near normal.
    centred = lift - lift.mean(0) - lift.mean(1, keepdims=True) + lift.mean()
    z = (np.trace(lift) - lift.sum() / 9) / math.sqrt((centred**2).sum() / 8)
    assert diagonal_test(lift).p_value == pytest.approx(scipy.stats.norm.sf(z), abs=0.02)


def test_drawn_permutations_are_the_same_every_time():
    lift = matrix(9, seed=3)
    assert diagonal_test(lift) == diagonal_test(lift)


@pytest.mark.parametrize("lift", [np.ones((2, 3)), np.ones((1, 1)), np.ones(4)])
def test_a_matrix_that_is_not_square_is_an_error(lift):
    with pytest.raises(ValueError, match="square with two or more traits"):
        diagonal_test(lift)


def test_a_cell_without_a_value_is_an_error():
    with pytest.raises(ValueError, match="not finite"):
        diagonal_test([[0.1, math.nan], [0.0, 0.2]])


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (30, 50), (37_500, 75_000), (8, 8)])
def test_the_normal_interval_of_a_share_is_that_of_statsmodels(successes, n):
    """But for the rounding of 1.96, and for bounds that statsmodels cuts at 0 and 1."""
    interval = normal_share_interval(successes / n, n)
    expected = proportion_confint(successes, n, method="normal")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=2e-5)
    assert (interval.mean, interval.n) == (successes / n, n)


def test_a_share_of_nothing_has_no_interval():
    with pytest.raises(ValueError, match="at least one case"):
        normal_share_interval(0.5, 0)


@given(arrays(float, st.integers(2, 5), elements=RATES))
def test_the_bootstrap_goes_through_all_resamples(values):
    """5^5 of five values, as of the five resamples of ED Fig. 6."""
    means = [sum(drawn) / len(values) for drawn in itertools.product(values, repeat=len(values))]
    interval = bootstrap_interval(values)
    expected = np.percentile(means, [2.5, 97.5])
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-12)
    assert (interval.mean, interval.n) == (pytest.approx(values.mean()), len(values))


@pytest.mark.parametrize("n", [5, 6, 7, 20])
def test_the_bootstrap_is_scipys_percentile_method(n):
    values = np.random.default_rng(n).normal(size=n)
    interval = bootstrap_interval(values)
    drawn = scipy.stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=50_000, rng=1
    ).confidence_interval
    # Both are drawn, or one of them; a fortieth of the width is what draws differ by.
    width = interval.high - interval.low
    assert (interval.low, interval.high) == pytest.approx(drawn, abs=width / 40)


def test_the_bootstrap_of_one_value_and_of_none():
    interval = bootstrap_interval([0.25])
    assert (interval.mean, interval.n) == (0.25, 1)
    assert math.isnan(interval.low)
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_interval([])
