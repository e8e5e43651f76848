"""Drift statistics as NannyML defines them, for whoever comes from there: computed where a rule asks."""

from __future__ import annotations

import math

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison, numeric
from obs_dagster.metrics.drift.ks import ks
from obs_dagster.metrics.drift.peer_bins import (
    Rows,
    by_value,
    categories,
    in_bins,
    numbers,
    rooted,
    shannon_term,
    span,
    summed,
)
from obs_dagster.metrics.drift.wasserstein import distance_of
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import FloatArray, NumericCounts

ESTIMATED_FROM = 10_000
"""Rows of the reference from which on NannyML counts in as many equal bins, in the place of the rows."""

_SURE = 6.0
"""Standard errors of the skewness that are taken for certain."""


def doane(reference: NumericCounts) -> FloatArray | str:
    """The edges of `numpy.histogram_bin_edges(reference, bins="doane")`, or why they are not known.

    How many there are follows from range, rows and skewness. The profile knows the latter almost: rows may
    lie anywhere in their bins, so it is off by as much as independent rows there would make it, six times.
    """
    n, (low, high) = reference.n, span(reference)
    if n <= 2 or low == high:  # noqa: PLR2004 - as numpy has it
        return np.array([low - 0.5, high + 0.5]) if low == high else np.array([low, high])
    share = reference.counts / n
    centre = float(share @ reference.points)
    offset, half = reference.points - centre, reference.widths / 2
    spread = math.sqrt(float(share @ offset**2))
    if spread == 0:
        return np.linspace(low, high, 2)
    z, reach = offset / spread, half / spread
    skewness = float(share @ z**3)
    noise = math.sqrt(float(share @ (9 * (z**2 - 1) ** 2 * reach**2 / 3)) / n)
    off = _SURE * noise + float(share @ (np.abs(z) * reach**2 + reach**3))
    error = math.sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))
    numbers = {
        math.ceil(1 + math.log2(n) + math.log2(1 + abs(at) / error))
        for at in (skewness, max(abs(skewness) - off, 0.0), abs(skewness) + off)
    }
    if len(numbers) > 1:
        return f"the profile leaves open how many bins it takes, {min(numbers)} to {max(numbers)}"
    return np.linspace(low, high, numbers.pop() + 1)


def _sides(comparison: Comparison) -> tuple[Rows, Rows] | Estimate:
    """Both sides on Doane's bins of the baseline and one for what lies beyond, or on its values."""
    if comparison.kind == "category":
        known = categories(comparison)
        if isinstance(known, Estimate):
            return known
        was, now = by_value(*known)
        # values that the baseline has not are one more
        had = was.counted > 0
        sides = (Rows(side.counted[had], side.least[had], side.most[had], side.n) for side in (was, now))
    else:
        pair = numbers(comparison)
        if isinstance(pair, Estimate):
            return pair
        edges = doane(pair[0])
        if isinstance(edges, str):
            return Estimate.missing(edges, pair[1].n)
        sides = (in_bins(each, edges) for each in pair)
    found = [side.with_rest() for side in sides]
    return found[0], found[1]


def _hellinger_term(p: FloatArray, q: FloatArray) -> FloatArray:
    found: FloatArray = (np.sqrt(p) - np.sqrt(q)) ** 2 / 2
    return found


def _jensen_shannon(comparison: Comparison) -> Estimate:
    sides = _sides(comparison)
    if isinstance(sides, Estimate):
        return sides
    # in bits
    value, error = (nats / math.log(2) for nats in summed(sides, shannon_term))
    return rooted(value, error, comparison.current.n)


def _hellinger(comparison: Comparison) -> Estimate:
    sides = _sides(comparison)
    return (
        sides
        if isinstance(sides, Estimate)
        else rooted(*summed(sides, _hellinger_term), comparison.current.n)
    )


def _fine(reference: NumericCounts) -> FloatArray:
    return np.linspace(*span(reference), ESTIMATED_FROM + 1)


def _below(
    sides: tuple[Rows, Rows], edges: FloatArray, current: NumericCounts
) -> tuple[FloatArray, FloatArray]:
    """How far the functions lie apart at the upper edges, and how far that may be off, shape (k,) each."""
    was, now = sides
    low = float((current.counts[current.points < edges[0]]).sum()) / current.n
    gap = np.cumsum(now.shares) + low - np.cumsum(was.shares)
    off: FloatArray = (was.most - was.least) / was.n + (now.most - now.least) / now.n
    return gap, off


def _ks(comparison: Comparison) -> Estimate:
    pair = numbers(comparison)
    if isinstance(pair, Estimate):
        return pair
    n = pair[1].n
    if pair[0].n < ESTIMATED_FROM or np.ptp(span(pair[0])) == 0:
        value, error = ks(comparison.points)
    else:
        edges = _fine(pair[0])
        gap, off = _below((in_bins(pair[0], edges), in_bins(pair[1], edges)), edges, pair[1])
        value, error = float(np.abs(gap).max()), float(off.max())
    return Estimate(value, max(0.0, value - error), min(1.0, value + error), n, error)


def _wasserstein(comparison: Comparison) -> Estimate:
    """Of the rows; from 10,000 rows of the reference on of bins, with NannyML's own ends."""
    pair = numbers(comparison)
    if isinstance(pair, Estimate):
        return pair
    n = pair[1].n
    if pair[0].n < ESTIMATED_FROM or np.ptp(span(pair[0])) == 0:
        distance, error = (each * comparison.points.scale for each in distance_of(comparison.points))
    else:
        distance, error = _in_bins(*pair)
    return Estimate(distance, max(0.0, distance - error), distance + error, n, error)


def _in_bins(reference: NumericCounts, current: NumericCounts) -> tuple[float, float]:
    edges = _fine(reference)
    width = float(edges[1] - edges[0])
    sides = in_bins(reference, edges), in_bins(current, edges)
    points, rows, n = current.points, current.counts, current.n
    outside = 0.0
    below, above = points < edges[0], points > edges[-1]
    low = float(rows[below].sum())
    if low:
        # one row more than there are, at the end of the reference
        x, y = _distribution(np.append(points[below], edges[0]), np.append(rows[below], 1))
        outside += float(y[:-1] @ np.diff(x)) * (low + 1) / n
    if high := float(rows[above].sum()):
        x, y = _distribution(np.append(edges[-1], points[above]), np.append(1, rows[above]))
        outside += float((1 - y)[:-1] @ np.diff(x)) * (high + 1) / n
    gap = np.cumsum(sides[1].shares) + ((low + 1) / n if low else 0.0) - np.cumsum(sides[0].shares)
    loose = sum(float(((side.most - side.least) / side.n).sum()) for side in sides)
    reach = float((rows * current.widths)[below | above].sum()) / n / 2
    return float(np.abs(gap).sum()) * width + outside, loose * width + reach


def _distribution(points: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distinct values, and the share of rows up to each."""
    x, place = np.unique(points, return_inverse=True)
    counted = np.bincount(place, weights=rows)
    return x, np.cumsum(counted) / counted.sum()


def _l_infinity(comparison: Comparison) -> Estimate:
    known = categories(comparison)
    if isinstance(known, Estimate):
        return known
    was, now = by_value(*known)
    return Estimate(float(np.abs(was.shares - now.shares).max()), None, None, now.n)


def _chi_square(comparison: Comparison) -> Estimate:
    """Pearson's statistic, with Yates' correction where there are two values."""
    known = categories(comparison)
    if isinstance(known, Estimate):
        return known
    from scipy.stats import chi2_contingency

    was, now = by_value(*known)
    table = np.stack([was.counted, now.counted])
    # a value that is counted may have no row on either side
    return Estimate(float(chi2_contingency(table[:, table.any(axis=0)]).statistic), None, None, now.n)


def _category(comparison: Comparison) -> bool:
    return comparison.kind == "category"


_DOANE = (
    "On numbers: equal bins, as many as Doane says of the baseline, and one for all that lies beyond; no "
    "value where the profile leaves open how many these are. Else the baseline's values, and one bin for all "
    "others."
)
_WITHIN = "the values that it may have on the rows themselves, of which the profile has counts"
_FROM = "Of fewer than 10,000 rows of the baseline; else in as many equal bins of its range"


def _definition(name: str, title: str, meaning: str, formula: str, method: str) -> Definition:
    return Definition(
        name=f"{name}.nannyml",
        id=f"{name}.nannyml/0.13/1",
        family="drift",
        title=f"{title}, as NannyML has it",
        meaning=meaning,
        formula=formula,
        reference=f"NannyML 0.13's `{method}`, within the stated error; equal where a column is counted by "
        "value. A chunk is a window here.",
        interval=_WITHIN,
        better="lower",
        about="column",
        cells="none",
        noun=f"{title} of NannyML",
        asked_with=f"{name}.nannyml",
    )


METRICS = (
    Metric(
        _definition(
            "jensen_shannon",
            "Jensen-Shannon distance",
            "How far the shares of the bins have moved, in NannyML's bins.",
            f"The root of (KL(p ‖ a) + KL(q ‖ a)) / 2, a = (p + q) / 2, base 2. {_DOANE}",
            "jensen_shannon",
        ),
        _jensen_shannon,
    ),
    Metric(
        _definition(
            "hellinger",
            "Hellinger distance",
            "How far the shares of the bins have moved, in NannyML's bins.",
            f"√(Σ (√p - √q)² / 2). {_DOANE}",
            "hellinger",
        ),
        _hellinger,
    ),
    Metric(
        _definition(
            "wasserstein",
            "Wasserstein distance",
            "How far the rows have moved on average, in the unit of the column.",
            f"∫ |G(x) - F(x)| dx. {_FROM}, with one row more at either end of it that rows lie beyond.",
            "wasserstein",
        ),
        _wasserstein,
        numeric,
    ),
    Metric(
        _definition(
            "ks",
            "Kolmogorov-Smirnov statistic",
            "The largest difference between the shares of rows at or below any value.",
            f"max |G(x) - F(x)|. {_FROM}, at their edges.",
            "kolmogorov_smirnov",
        ),
        _ks,
        numeric,
    ),
    Metric(
        _definition(
            "l_infinity",
            "L-infinity distance",
            "The largest change of the share of a value.",
            "max |q - p| over the values.",
            "l_infinity",
        ),
        _l_infinity,
        _category,
    ),
    Metric(
        _definition(
            "chi_square",
            "chi-square statistic",
            "Pearson's statistic of the rows of baseline and window by value; it grows with the rows.",
            "Σ (observed - expected)² / expected, with Yates' correction where there are two values.",
            "chi2",
        ),
        _chi_square,
        _category,
    ),
)
