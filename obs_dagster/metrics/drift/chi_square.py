"""Pearson's chi-square test of homogeneity."""

from __future__ import annotations

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.rounding import ExactShares
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray

MOST_ERROR = 0.5
"""A p-value that may be off by more says nothing: almost any other is as possible."""

UNKNOWABLE = "the bins of the profile leave almost any p-value possible"


def chi_square(baseline: IntArray, current: IntArray) -> tuple[float, int]:
    """Pearson's statistic of counts (k,) against counts (k,), and its degrees of freedom.

    Bins that are empty on both sides are left out. No continuity correction.
    """
    table = np.stack([baseline, current]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(((table - expected) ** 2 / expected).sum()), table.shape[1] - 1


def p_value(statistic: float, degrees: int) -> float:
    """The chance of a statistic at least as large under no drift; 1 where there is a single bin."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic)) if degrees else 1.0


def _estimate(comparison: Comparison) -> Estimate:
    if comparison.obstacle:
        return Estimate.missing(comparison.obstacle)
    if comparison.kind == "category" and comparison.exact:
        # nor are the degrees of freedom known
        return Estimate.missing("too many values to count each of them", comparison.current.n)
    statistic, degrees = chi_square(comparison.bins.baseline, comparison.bins.current)
    value, error = p_value(statistic, degrees), 0.0
    if comparison.exact:
        error = _error(
            comparison.exact, statistic, value, int(comparison.bins.baseline.sum()), comparison.current.n
        )
    if error > MOST_ERROR:
        return Estimate.missing(UNKNOWABLE, comparison.current.n)
    return Estimate(value, None, None, comparison.current.n, error)


def _error(exact: ExactShares, statistic: float, value: float, n: int, m: int) -> float:
    """How far the p-value of the exact deciles, n rows against m, may be off."""
    if not exact.same_bins:
        # Nor are the degrees of freedom known then.
        return max(value, 1 - value)

    def term(p: FloatArray, q: FloatArray) -> FloatArray:
        rows = n * p + m * q
        return n * m * np.divide((q - p) ** 2, rows, out=np.zeros_like(rows), where=rows > 0)

    def slopes(p: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        change = (q - p) / (n * p + m * q)
        return -n * m * change * (2 + n * change), n * m * change * (2 - m * change)

    error = exact.error(statistic, term, slopes)
    # A bin that is empty on both sides is no degree of freedom, and the p-value grows with these.
    fewest, most = (int(held.any(axis=0).sum()) for held in (exact.least, exact.most))
    lowest = p_value(statistic + error, max(fewest, 1) - 1)
    highest = p_value(max(0.0, statistic - error), most - 1)
    return max(0.0, value - lowest, highest - value)


METRICS = (
    Metric(
        Definition(
            name="chi_square",
            id="chi_square/p-value/2",
            family="drift",
            title="Chi-square test, p-value",
            meaning="The chance of bins at least this different if nothing had moved. With many rows every "
            "column is significant; for the size of a change watch `psi`, `jensen_shannon` or `l_infinity`.",
            formula="P(χ²(k - 1) ≥ Σ (observed - expected)² / expected) over the 2 x k table of counts of "
            "the baseline and the current window, without continuity correction. Numeric columns: deciles of "
            "the baseline, rounded to the profile's bins; categorical columns: one bin per value.",
            reference="`scipy.stats.chi2_contingency(table, correction=False).pvalue`. On a numeric column "
            "that of the exact deciles, within the stated error; no value where that is above 0.5.",
            interval="none: a p-value already speaks of the sampling noise",
            better="higher",
            about="column",
            cells="none",
            noun="chi-square p-value",
        ),
        _estimate,
    ),
)
