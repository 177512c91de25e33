"""The statistics of the paper: intervals over students, and the test of a trait matrix."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

import numpy as np
from numpy.typing import ArrayLike, NDArray

# 8! = 40,320 orders take milliseconds; each further trait costs about ten times more.
_MOST_ENUMERATED = 8
# 6^6 = 46,656 resamples.
_MOST_RESAMPLED = 6
_MONTE_CARLO_DRAWS = 20_000
_MONTE_CARLO_SEED = 0
# Permutations that tie with the observed one must count, whatever the order of their sums.
_TIE = 1e-12


@dataclass(frozen=True)
class Interval:
    """A mean of ``n`` values with its confidence interval, in the unit of the values.

    ``low`` and ``high`` are nan where ``n`` is too small to have an interval.
    """

    mean: float
    low: float
    high: float
    n: int


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean over students with its Student t interval, n - 1 degrees of freedom.

    This is the interval of the paper's main figures (Methods, Statistical analysis).

    Args:
        values: one value per student.
        confidence: the interval's coverage, between 0 and 1.

    Raises:
        ValueError: there are no values.
    """
    from scipy.stats import t

    return _interval(values, lambda n: float(t.ppf((1 + confidence) / 2, n - 1)))


def normal_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean with its interval by the Normal approximation, the standard deviation with n - 1.

    This is the interval of the paper's ED Fig. 4, of three students: 1.96 standard errors.

    Args:
        values, confidence: as in `t_interval`.

    Raises:
        ValueError: there are no values.
    """
    return _interval(values, lambda _: NormalDist().inv_cdf((1 + confidence) / 2))


def _interval(values: Sequence[float], quantile: Callable[[int], float]) -> Interval:
    """The mean and so many standard errors on either side of it.

    Args:
        quantile: standard errors by the number of values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("an interval needs at least one value")
    mean = fmean(values)
    if n == 1:
        return Interval(mean, math.nan, math.nan, n)
    half_width = quantile(n) * stdev(map(float, values)) / math.sqrt(n)
    return Interval(mean, mean - half_width, mean + half_width, n)


def exact_interval(successes: int, n: int) -> Interval:
    """A rate with its 95 % Clopper-Pearson interval: never too narrow, also at 0 and 1.

    Raises:
        ValueError: ``n`` is not positive, or ``successes`` is not between 0 and ``n``.
    """
    from scipy.stats import binomtest

    bounds = binomtest(successes, n).proportion_ci(0.95, method="exact")
    return Interval(successes / n, float(bounds.low), float(bounds.high), n)


def normal_share_interval(share: float, n: int) -> Interval:
    """A share of ``n`` cases with the normal 95 % interval of the paper's ED Table 4.

    Raises:
        ValueError: ``n`` is not positive.
    """
    if n <= 0:
        raise ValueError(f"a share needs at least one case, not {n}")
    half_width = 1.96 * math.sqrt(share * (1 - share) / n)
    return Interval(share, share - half_width, share + half_width, n)


def bootstrap_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean with its percentile bootstrap interval: that of ED Fig. 6, over resamples of a dataset.

    Percentiles are interpolated linearly. Up to six values, all resamples are enumerated; beyond,
    20,000 are drawn with a fixed seed.

    Raises:
        ValueError: there are no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("an interval needs at least one value")
    given = np.asarray(values, dtype=float)
    if n == 1:
        return Interval(float(given[0]), math.nan, math.nan, n)
    if n <= _MOST_RESAMPLED:
        drawn = np.array(list(itertools.product(range(n), repeat=n)), dtype=np.intp)
    else:
        rng = np.random.default_rng(_MONTE_CARLO_SEED)
        drawn = rng.integers(n, size=(_MONTE_CARLO_DRAWS, n))
    tail = 50 * (1 - confidence)
    low, high = np.percentile(given[drawn].mean(axis=1), [tail, 100 - tail])
    return Interval(float(given.mean()), float(low), float(high), n)


def question_mean(scores_by_question: Mapping[str, Sequence[float]]) -> float:
    """A student's score: the mean over samples within each question, then over questions.

    Raises:
        ValueError: there is no question, or one without scores.
    """
    empty = [question for question, scores in scores_by_question.items() if len(scores) == 0]
    if empty or not scores_by_question:
        raise ValueError(f"no scores to average: {empty[0]!r}" if empty else "no questions")
    return fmean(fmean(scores) for scores in scores_by_question.values())


def intervals_disjoint(a: Interval, b: Interval) -> bool:
    """Whether two intervals have no point in common; never so where one has no bounds."""
    return a.high < b.low or b.high < a.low


@dataclass(frozen=True)
class DiagonalTest:
    """The diagonal of a trait matrix against the rest of it.

    Attributes:
        gamma: how much higher the diagonal is, in the unit of the lifts.
        p_value: one-sided; the share of permutations whose gamma is at least as high.
        permutations: how many were compared, the identity among them.
    """

    gamma: float
    p_value: float
    permutations: int


def _permutations(k: int) -> NDArray[np.intp]:
    """Orders of k labels, shape [permutations, k]; the identity comes first."""
    if k <= _MOST_ENUMERATED:
        return np.array(list(itertools.permutations(range(k))), dtype=np.intp)
    identity = np.arange(k)
    rng = np.random.default_rng(_MONTE_CARLO_SEED)
    draws = rng.permuted(np.tile(identity, (_MONTE_CARLO_DRAWS, 1)), axis=1)
    return np.vstack([identity, draws])


def diagonal_test(lift: ArrayLike) -> DiagonalTest:
    """Test that students take over the trait of their own teacher rather than any other.

    The model is ``lift[i, j] = mu + row[i] + column[j] + gamma * (i == j)``, by least squares: a
    student that raises every trait, or a trait that every student raises, adds nothing to gamma.
    Each row and each column holds one diagonal entry, so that gamma is the mean of the diagonal
    less the mean of the rest. The null permutes which student belongs to which trait: all k!
    orders up to k = 8, beyond that the identity and 20,000 drawn with a fixed seed. The smallest
    possible p is therefore 1 / k!.

    Args:
        lift: shape [k traits of students, k traits measured], in one order of traits; a student's
            score less that of its untrained base.

    Raises:
        ValueError: the matrix is not square with two or more traits, or not all finite.
    """
    matrix = np.asarray(lift, dtype=float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise ValueError(f"the lift must be square with two or more traits, not {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("the lift has cells that are not finite; leave their traits out")
    k = len(matrix)
    orders = _permutations(k)
    diagonals = matrix[np.arange(k), orders].sum(axis=1)
    # The sum of all cells is the same for every order.
    gammas = (diagonals - matrix.sum() / k) / (k - 1)
    p_value = float(np.mean(gammas >= gammas[0] - _TIE))
    return DiagonalTest(float(gammas[0]), p_value, len(orders))
