"""Drift statistics as Evidently defines them, for whoever comes from there: computed where a rule asks."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison, numeric
from obs_dagster.metrics.drift.ks import ks
from obs_dagster.metrics.drift.peer_bins import (
    Rows,
    as_integers,
    by_number,
    by_value,
    categories,
    in_bins,
    numbers,
    rooted,
    shannon_term,
    span,
    summed,
    valued,
)
from obs_dagster.metrics.drift.wasserstein import baseline_deviation, distance_of
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, NumericCounts

FEW_VALUES = 20
"""So many distinct values of the baseline are counted by value, though they are numbers."""

FILL, OF_LEAST = 1e-4, 1e-6
"""An empty bin's share; of the least share where that is no more than it."""

LEAST_DEVIATION = 1e-3
_EXACT_ROWS = 10_000
"""`scipy.stats.ks_2samp` has exact p-values up to so many rows on the larger side."""


def sturges(baseline: NumericCounts, current: NumericCounts) -> FloatArray:
    """The edges of `numpy.histogram_bin_edges(both, bins="sturges")`, which follow from range and rows."""
    return _equal_width(*span(baseline, current), math.log2(baseline.n + current.n) + 1)


def _equal_width(low: float, high: float, bins: float) -> FloatArray:
    """The edges of so many bins, rounded up as numpy does; of a single value, half a unit to both sides."""
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    # numpy divides the range by the width, which can round to the next number
    return np.linspace(low, high, math.ceil((high - low) / ((high - low) / bins)) + 1)


_NEW = "the window has values that the baseline has not, and they are not counted by value"


def _sides(comparison: Comparison) -> tuple[Rows, Rows] | Estimate:
    """Both sides on the bins of `get_binned_data`: Sturges' of both together, or single values."""
    if comparison.kind == "category":
        known = categories(comparison)
        return known if isinstance(known, Estimate) else by_value(*known)
    pair = numbers(comparison)
    if isinstance(pair, Estimate):
        return pair
    if int((pair[0].counts > 0).sum()) <= FEW_VALUES and valued(pair[0]):
        current = as_integers(pair[1], pair[0])
        return Estimate.missing(_NEW, pair[1].n) if current is None else by_number(pair[0], current)
    edges = sturges(*pair)
    return in_bins(pair[0], edges), in_bins(pair[1], edges)


def _fill(shares: FloatArray) -> float:
    least = float(shares[shares > 0].min())
    return least * OF_LEAST if least <= FILL else FILL


def _fills(rows: Rows) -> tuple[float, float]:
    """The lowest and the highest fill that the other tool's own bins may have."""
    if rows.exact:
        return (_fill(rows.shares),) * 2
    having = rows.most > 0
    lowest = float(np.maximum(rows.least[having], 1).min()) / rows.n
    certain = rows.least > 0
    highest = float(rows.most[certain].min()) / rows.n if certain.any() else 1.0
    low = lowest * OF_LEAST if lowest <= FILL else FILL
    return low, FILL if highest > FILL else highest * OF_LEAST


def _psi_term(p: FloatArray, q: FloatArray, fills: tuple[float, float]) -> FloatArray:
    p, q = np.where(p == 0, fills[0], p), np.where(q == 0, fills[1], q)
    found: FloatArray = (p - q) * np.log(p / q)
    return found


def _psi(comparison: Comparison) -> Estimate:
    sides = _sides(comparison)
    if isinstance(sides, Estimate):
        return sides
    was, now = sides
    own = partial(_psi_term, fills=(_fill(was.shares), _fill(now.shares)))
    ends = [partial(_psi_term, fills=(first, second)) for first in _fills(was) for second in _fills(now)]
    value, error = summed(sides, own, own, *ends)
    return Estimate(value, max(0.0, value - error), value + error, now.n, error)


def _jensen_shannon(comparison: Comparison) -> Estimate:
    sides = _sides(comparison)
    if isinstance(sides, Estimate):
        return sides
    return rooted(*summed(sides, shannon_term), comparison.current.n, math.log(2))


def _wasserstein(comparison: Comparison) -> Estimate:
    pair = numbers(comparison)
    if isinstance(pair, Estimate):
        return pair
    points, n = comparison.points, pair[1].n
    distance, error = distance_of(points)
    spread, spread_error = baseline_deviation(pair[0], points)
    least = LEAST_DEVIATION / points.scale
    value = distance / max(spread, least)
    furthest = (distance + error) / max(spread - spread_error, least)
    return Estimate(value, max(0.0, 2 * value - furthest), furthest, n, furthest - value)


def _ks(comparison: Comparison) -> Estimate:
    """The p-value of the distance, exact for few rows as SciPy has it."""
    pair = numbers(comparison)
    if isinstance(pair, Estimate):
        return pair
    distance, error = ks(comparison.points)
    if max(pair[0].n, pair[1].n) <= _EXACT_ROWS:
        from scipy.stats import ks_2samp

        value = float(ks_2samp(*(np.repeat(each.points, each.counts) for each in pair)).pvalue)
    else:
        value = _asymptotic(distance, pair[0].n, pair[1].n)
    furthest = _asymptotic(min(distance + error, 1.0), pair[0].n, pair[1].n)
    # the p-value falls with the distance, which is that or larger
    least = min(value, furthest)
    return Estimate(value, None, None, pair[1].n, value - least if error else 0.0)


def _asymptotic(distance: float, n: int, m: int) -> float:
    from scipy.stats import kstwo

    return float(np.clip(kstwo.sf(distance, max(np.round(n * m / (n + m)), 1.0)), 0.0, 1.0))


def _hellinger(comparison: Comparison) -> Estimate:
    """On numbers, Sturges' bins of the distinct values; on categories, of the values themselves."""
    if comparison.kind == "category":
        known = categories(comparison)
        if isinstance(known, Estimate):
            return known
        sides = by_value(*known)
    else:
        pair = numbers(comparison)
        if isinstance(pair, Estimate):
            return pair
        if not all(map(valued, pair)):
            return Estimate.missing("not counted by value, so nobody knows how many there are", pair[1].n)
        distinct = by_number(*pair)[0]
        edges = _equal_width(*span(*pair), math.log2(len(distinct.counted)) + 1)
        sides = in_bins(pair[0], edges), in_bins(pair[1], edges)
    overlap = float(np.sqrt(sides[0].shares * sides[1].shares).sum())
    return rooted(1 - min(overlap, 1.0), 0.0, comparison.current.n)


def _chi_square(comparison: Comparison) -> Estimate:
    known = categories(comparison)
    if isinstance(known, Estimate):
        return known
    from scipy.special import chdtrc

    was, now = by_value(*known)
    expected = was.counted * (now.n / was.n)
    if (expected == 0).any():
        return Estimate(0.0, None, None, now.n)
    statistic = float(((now.counted - expected) ** 2 / expected).sum())
    degrees = len(expected) - 1
    return Estimate(float(chdtrc(degrees, statistic)) if degrees else 1.0, None, None, now.n)


def _category(comparison: Comparison) -> bool:
    return comparison.kind == "category"


_STURGES = (
    "On numbers of more than 20 values: equal bins, as many as Sturges says of both samples together. Else "
    "one bin per value."
)
_WITHIN = "the values that it may have on the rows themselves, of which the profile has counts"


def _definition(
    name: str, title: str, meaning: str, formula: str, *, test: str, interval: str = _WITHIN
) -> Definition:
    return Definition(
        name=f"{name}.evidently",
        id=f"{name}.evidently/0.7/1",
        family="drift",
        title=f"{title}, as Evidently has it",
        meaning=meaning,
        formula=formula,
        reference=f"Evidently 0.7's `{test}`, within the stated error; equal where a column is counted by "
        "value.",
        interval=interval,
        better="higher" if "p-value" in title else "lower",
        about="column",
        cells="none",
        noun=f"{title} of Evidently",
        asked_with=f"{name}.evidently",
    )


METRICS = (
    Metric(
        _definition(
            "psi",
            "PSI",
            "How far the shares of the bins have moved, in Evidently's bins.",
            "Σ (p - q) ln(p / q); an empty bin has the share 0.0001, or a millionth of the side's least "
            f"share where that is no more than 0.0001. {_STURGES}",
            test="psi",
        ),
        _psi,
    ),
    Metric(
        _definition(
            "jensen_shannon",
            "Jensen-Shannon distance",
            "How far the shares of the bins have moved, in Evidently's bins and its base.",
            f"The root of (KL(p ‖ a) + KL(q ‖ a)) / 2, a = (p + q) / 2, base e. {_STURGES}",
            test="jensenshannon",
        ),
        _jensen_shannon,
    ),
    Metric(
        _definition(
            "wasserstein",
            "normalised Wasserstein distance",
            "How far the rows have moved on average, in standard deviations of the baseline, or 0.001.",
            "∫ |G(x) - F(x)| dx / max(s, 0.001); s: standard deviation of the baseline (divisor n).",
            test="wasserstein",
        ),
        _wasserstein,
        numeric,
    ),
    Metric(
        _definition(
            "ks",
            "p-value of Kolmogorov and Smirnov",
            "The chance of distribution functions at least so far apart if nothing had moved.",
            "P(D ≥ max |G(x) - F(x)|); exact up to 10,000 rows on the larger side, then asymptotic.",
            test="ks",
            interval="none: a p-value already speaks of the noise",
        ),
        _ks,
        numeric,
    ),
    Metric(
        _definition(
            "hellinger",
            "Hellinger distance",
            "How far the shares of the bins have moved, in Evidently's bins of distinct values.",
            "√(1 - Σ √(p q)). On numbers: equal bins, as many as Sturges says of the distinct values of both "
            "samples, known where a column is counted by value. Else one bin per value.",
            test="hellinger",
            interval="none: exact, or no value",
        ),
        _hellinger,
    ),
    Metric(
        _definition(
            "chi_square",
            "p-value of chi-square",
            "The chance of shares at least this different if the baseline's were those of all rows.",
            "P(χ²(k - 1) ≥ Σ (observed - expected)² / expected), expected: the baseline's rows, scaled to "
            "the window's. 0 where a value is new.",
            test="chisquare",
            interval="none: a p-value already speaks of the noise",
        ),
        _chi_square,
        _category,
    ),
)
