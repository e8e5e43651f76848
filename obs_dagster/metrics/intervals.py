"""95 % confidence intervals: of shares, of means, of distances and of divergences."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray

LEVEL = 0.95
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
Z = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""

_FEW = 30
"""Values from which on their own variance says how sure their mean is."""
_ROUNDING = 1e-12
"""Of what a variance could be; less than that is none."""

Interval = tuple[float, float]


def wilson(successes: float, n: float) -> Interval:
    """Wilson's score interval of a share.

    It keeps its coverage for small n and for shares near 0 and 1, and never leaves [0, 1].

    Args:
        successes: rows that count, 0 to n; may be fractional for a statistic that behaves like a share. What
            lies outside, as sums of floats do by their last digit, is taken for the end that it passed.
        n: all rows; fractional where it is the number that would be as sure (see `effective_interval`).

    Returns:
        The ends of the interval; `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")` gives the same.
        Without rows, or for a number that is none, everything is possible: (0, 1).
    """
    if n <= 0 or math.isnan(successes):
        return 0.0, 1.0
    share = min(max(successes / n, 0.0), 1.0)
    centre = share + Z**2 / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    # At the ends the formula gives exactly 0 and 1, up to rounding; and rounding must not shut out the share.
    low = 0.0 if successes <= 0 else min(share, max(0.0, (centre - half) / scale))
    high = 1.0 if successes >= n else max(share, min(1.0, (centre + half) / scale))
    return low, high


def effective_interval(value: float, rows: float) -> Interval:
    """Interval of a statistic between 0 and 1 that is as sure as a share of so many rows: Wilson's.

    A share of n rows has the variance share (1 - share) / n, so a statistic with a variance is as sure as one
    of value (1 - value) / variance rows (Korn and Graubard, Survey Methodology 24, 1998, 193-201, for shares
    of surveys). Near 0 and 1 it is as cautious as Wilson's interval, and never leaves [0, 1].
    """
    return wilson(value * rows, rows)


def combined_interval(
    values: FloatArray, intervals: FloatArray, weights: FloatArray, correlation: FloatArray | None = None
) -> Interval:
    """Interval of a weighted sum of statistics from the interval of each: variance estimates recovered.

    Each end of the sum is as far from it as the ends of the single ones are, added up as standard errors are.
    Other than a variance of the sum, the ends keep what is lopsided about each: one of few rows that are all
    right has room below, none above. Source: Zou, Huang and Zhang, Computational Statistics and Data Analysis
    53 (2009), 1080-1085; with correlations Zou and Donner, Statistics in Medicine 27 (2008), 1693-1702.

    Args:
        values: shape (k,).
        intervals: the two ends of each, shape (k, 2).
        weights: not negative, shape (k,).
        correlation: of the statistics, shape (k, k); None: independent.
    """
    total = float(weights @ values)
    ends = []
    for end, sign in ((0, -1.0), (1, 1.0)):
        reach = weights * np.abs(intervals[:, end] - values)
        squared = reach @ reach if correlation is None else reach @ correlation @ reach
        ends.append(total + sign * math.sqrt(max(0.0, float(squared))))
    return ends[0], ends[1]


def share(successes: int, n: int, *, reason: str) -> Estimate:
    """A share with its Wilson interval; without rows, a missing estimate with this reason.

    Counts that are those of no share are a fault of who counted: the estimate is missing, and says so.
    """
    if n == 0:
        return Estimate.missing(reason)
    if not 0 <= successes <= n:
        return Estimate.missing(f"{successes} of {n} rows is no share", max(n, 0))
    low, high = wilson(successes, n)
    return Estimate(value=successes / n, low=low, high=high, n=n)


def newcombe(successes: int, n: int, baseline_successes: int, baseline_n: int) -> Interval:
    """Newcombe's hybrid score interval of the difference of two independent shares, current minus baseline.

    Source: Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10.
    """
    if n <= 0 or baseline_n <= 0:
        # nothing is known of a share of no rows
        return -1.0, 1.0
    current, baseline = (
        min(max(part / whole, 0.0), 1.0) for part, whole in ((successes, n), (baseline_successes, baseline_n))
    )
    current_low, current_high = wilson(successes, n)
    baseline_low, baseline_high = wilson(baseline_successes, baseline_n)
    difference = current - baseline
    low = difference - math.hypot(current - current_low, baseline_high - baseline)
    high = difference + math.hypot(current_high - current, baseline - baseline_low)
    return max(low, -1.0), min(high, 1.0)


def normal_mean(total: float, total_sq: float, n: int, *, lowest: float = -math.inf) -> Interval | None:
    """Normal interval of a mean from the sums of the values and of their squares.

    Args:
        total: sum of the values.
        total_sq: sum of their squares.
        n: number of values.
        lowest: a bound that the mean cannot fall below.

    Returns:
        The interval; None for fewer than two values, which say nothing about their spread, and for sums that
        are no finite numbers.
    """
    if n <= 1 or not (math.isfinite(total) and math.isfinite(total_sq)):
        return None
    mean = total / n
    # the square of a large mean is infinite as a product, and an error as a power
    variance = max(0.0, (total_sq - n * mean * mean) / (n - 1))
    half = Z * math.sqrt(variance / n)
    return max(lowest, mean - half), mean + half


def bounded_mean(total: float, total_sq: float, n: int) -> Interval:
    """Score interval of the mean of numbers in [0, 1], from their sum and the sum of their squares.

    Wilson's at the effective number of rows n m (1 - m) / s² (`effective_interval`), with the mean m and the
    variance s², reduced by the square of Student's t over the normal quantile as Korn and Graubard do. With
    many numbers it is the normal interval. The variance of fewer than 30 numbers is not known well: they are
    taken to be worth no more than as many rows of a share, which vary most.

    Args:
        total: sum of the numbers.
        total_sq: sum of their squares.
        n: how many there are.
    """
    if n <= 0:
        return 0.0, 1.0
    mean = min(max(total / n, 0.0), 1.0)
    most = mean * (1 - mean)
    variance = (total_sq - n * mean * mean) / (n - 1) if n > 1 else most
    worth = n * most / variance if variance > most * _ROUNDING else float(n)
    worth /= (1 + (Z * Z + 1) / (4 * max(n - 1, 1))) ** 2
    if n < _FEW:
        worth = min(worth, float(n))
    return effective_interval(mean, worth)


def quantiles(values: FloatArray, *levels: float) -> list[float]:
    """Quantiles of some numbers, as `numpy.quantile` has them to the last bit, in a tenth of its time.

    Args:
        values: shape (r,), at least one.
        *levels: from 0 to 1.
    """
    ordered = np.sort(values)
    last = len(ordered) - 1
    if math.isnan(ordered[last]):
        return [math.nan for _ in levels]
    found = []
    for level in levels:
        place = last * level
        left = int(place)
        low, high, part = float(ordered[left]), float(ordered[min(left + 1, last)]), place - left
        apart = high - low
        found.append(high - apart * (1 - part) if part >= 0.5 else low + apart * part)  # noqa: PLR2004
    return found


def distance_band(
    value: float, noise: FloatArray, *, error: float = 0.0, largest: float = math.inf
) -> Interval:
    """Interval of a distance that is a norm of a difference: value -/+ the 95 % quantile of the noise's norm.

    The observed difference is the true one plus noise. By the triangle inequality its norm is off by at
    most the norm of the noise, whatever the true difference is: the interval holds where nothing has moved
    (where the value alone always says that something has) as well as far from there. The bootstrap gives the
    noise: how far a replicate's difference lies from the observed one.

    Args:
        value: the norm of the observed difference.
        noise: the norm of the noise of each replicate, shape (r,).
        error: how far the value may be off for other reasons; widens the interval.
        largest: the largest possible value.
    """
    half = quantiles(noise, LEVEL)[0] + error
    return max(0.0, value - half), max(value, min(largest, value + half))


def divergence_interval(
    value: float,
    replicates: FloatArray,
    unmoved: FloatArray,
    *,
    error: float = 0.0,
    largest: float = math.inf,
) -> Interval:
    """Interval of a divergence, which near 0 is quadratic in the difference of two samples.

    Such a statistic T is biased upward by b even if nothing has moved, and its variance grows in line
    with the true value: v0 + c * truth (as that of a non-central chi-square, which PSI times nm / (n + m)
    nearly has). As Wilson does for a share, the interval holds those true values from which T is not further
    than its noise
    allows: (T - b - truth)^2 <= r^2 + Z^2 c * truth. b and r, the reach of T's noise on either side where
    nothing has moved, come from resampling both sides from their pooled rows; c from resampling each from its
    own.

    So `low` is above 0 exactly if T is significant, also where expected counts are too small for chi-square.
    Subtracting the bias of ordinary replicates instead (the basic bootstrap) was found too cautious with
    many rows per bin (it never rejects) and far too bold with few.

    Args:
        value: the divergence of the two samples.
        replicates: that of replicates drawn from each sample, shape (r,).
        unmoved: that of replicates which are both drawn from the pooled samples, shape (r,).
        error: how far the value may be off for other reasons; widens the interval.
        largest: the largest possible value.
    """
    if value <= 0:
        # Equal shares: nothing to estimate the growth from, so the end is what noise alone would show.
        return 0.0, min(largest, max(0.0, quantiles(unmoved, LEVEL)[0]) + error)
    bias = float(unmoved.mean())
    below, above = quantiles(unmoved, *TAILS)
    growth = Z**2 * max(0.0, float(replicates.var() - unmoved.var())) / value

    def end(reach: float, sign: int) -> float:
        """The root of (value - bias - x)^2 = reach^2 + growth x that lies on this side."""
        off = value - bias
        half = off + growth / 2
        return half + sign * math.sqrt(max(0.0, half * half - off * off + reach * reach))

    low = (end(above - bias, -1) if value > above else 0.0) - error
    high = end(bias - below, +1) + error
    return min(value, max(0.0, low)), max(value, min(largest, high))
