"""Rows in bins of another tool, whose edges are not those of the profile, and what the difference may make.

A bin of the profile that an edge lies in has its rows on either side of it. So the rows of the other tool's
bins are known to lie in a range; counted are those whose bin has its centre there. A column counted by value
has no such bins, and the very rows that the other tool would count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.record import Estimate
from obs_dagster.profile.distribution import CategoryCounts, FloatArray, IntArray, NumericCounts

Term = Callable[[FloatArray, FloatArray], FloatArray]
"""What bins with shares p and q add to a statistic."""

TOO_MANY = "too many values to count each of them"
TOO_WIDE = "the values are further apart than any number"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one side in bins: as counted, and the least and the most that there can be; shape (k,) each."""

    counted: IntArray
    least: IntArray
    most: IntArray
    n: int

    @property
    def shares(self) -> FloatArray:
        """Of all rows, those outside of the bins included."""
        found: FloatArray = self.counted / self.n
        return found

    @property
    def exact(self) -> bool:
        """Whether they are the very rows."""
        return bool((self.least == self.most).all())

    @property
    def corners(self) -> FloatArray:
        """Shares at which a statistic may be extreme, shape (3, k): the least, one row, the most."""
        one = np.clip(1, self.least, self.most)
        found: FloatArray = np.stack([self.least, one, self.most]) / self.n
        return found

    def with_rest(self) -> Rows:
        """The same, with the rows outside of all bins in one more."""
        counted, least, most = (
            np.append(own, max(self.n - int(others.sum()), 0))
            for own, others in (
                (self.counted, self.counted),
                (self.least, self.most),
                (self.most, self.least),
            )
        )
        return Rows(counted, least, most, self.n)


def in_bins(counts: NumericCounts, edges: FloatArray) -> Rows:
    """Rows in bins as `numpy.histogram` has them: each with its lower edge, the last one with both.

    Args:
        counts: of a column.
        edges: ascending, shape (k + 1,).
    """
    used = counts.counts > 0
    points, half, rows = counts.points[used], counts.widths[used] / 2, counts.counts[used]
    low, high = points - half, points + half
    if counts.minimum is not None and counts.maximum is not None:
        low, high = np.maximum(low, counts.minimum), np.minimum(high, counts.maximum)
    first, last = _place(low, edges), _place(high, edges)
    centre = np.clip(_place(np.clip(points, low, high), edges), first, last)
    bins = len(edges) + 1

    def total(places: IntArray, of: IntArray) -> IntArray:
        return np.bincount(places, weights=of, minlength=bins).astype(np.int64)[1:-1]

    sure = first == last
    least = total(first[sure], rows[sure])
    loose = np.zeros(bins + 1, dtype=np.int64)
    np.add.at(loose, first[~sure], rows[~sure])
    np.add.at(loose, last[~sure] + 1, -rows[~sure])
    return Rows(total(centre, rows), least, least + np.cumsum(loose)[1 : bins - 1], counts.n)


def _place(values: FloatArray, edges: FloatArray) -> IntArray:
    """The bin of each value, from 1 on; 0 and k + 1 are outside."""
    found = np.searchsorted(edges, values, side="right")
    return np.where(values == edges[-1], len(edges) - 1, found)


def by_value(baseline: CategoryCounts, current: CategoryCounts) -> tuple[Rows, Rows]:
    """Rows of both sides on the union of their values."""
    values = sorted({*baseline.counts, *current.counts})
    found = []
    for side in (baseline, current):
        rows = np.array([side.counts.get(value, 0) for value in values], dtype=np.int64)
        found.append(Rows(rows, rows, rows, side.n))
    return found[0], found[1]


def by_number(baseline: NumericCounts, current: NumericCounts) -> tuple[Rows, Rows]:
    """Rows of both sides, counted by value, on the union of their values."""
    values = np.union1d(baseline.points[baseline.counts > 0], current.points[current.counts > 0])
    found = []
    for side in (baseline, current):
        rows = np.zeros(len(values), dtype=np.int64)
        np.add.at(rows, np.searchsorted(values, side.points[side.counts > 0]), side.counts[side.counts > 0])
        found.append(Rows(rows, rows, rows, side.n))
    return found[0], found[1]


def valued(counts: NumericCounts) -> bool:
    """Whether a column is counted by value, all of it."""
    near = counts.near is not None and bool(counts.near.any())
    return not near and not counts.widths[counts.counts > 0].any()


def as_integers(counts: NumericCounts, like: NumericCounts) -> NumericCounts | None:
    """Counts by value of a column whose baseline is counted so; None if values are not known.

    Where the baseline has integers alone, what else comes is taken for integers too, of which a narrow bin
    has one at most.
    """
    if valued(counts):
        return counts
    used = counts.counts > 0
    whole = like.points == np.floor(like.points)
    nearest = np.rint(counts.points)
    inside = np.abs(nearest - counts.points) <= counts.widths / 2
    if counts.near is not None and counts.near.any():
        return None
    if not whole.all() or (used & ((counts.widths >= 1) | ~inside)).any():
        return None
    return replace(counts, points=nearest, widths=np.zeros_like(counts.widths))


def numbers(comparison: Comparison) -> tuple[NumericCounts, NumericCounts] | Estimate:
    """Both sides of a numeric column, or why they cannot be compared."""
    baseline, current = comparison.baseline, comparison.current
    if comparison.obstacle or not isinstance(baseline, NumericCounts):
        return Estimate.missing(comparison.obstacle)
    sides = baseline, current if isinstance(current, NumericCounts) else baseline
    low, high = span(*sides)
    # in Python's numbers, which overflow to infinity without a warning
    return sides if math.isfinite(high - low) else Estimate.missing(TOO_WIDE, current.n)


def span(*sides: NumericCounts) -> tuple[float, float]:
    """The least and the largest value of all, or what counts know of them; there is a row somewhere."""
    known = [(each, each.points[each.counts > 0]) for each in sides if each.n]
    low = min(float(points[0]) if each.minimum is None else each.minimum for each, points in known)
    high = max(float(points[-1]) if each.maximum is None else each.maximum for each, points in known)
    return low, high


def categories(comparison: Comparison) -> tuple[CategoryCounts, CategoryCounts] | Estimate:
    """Both sides of a categorical column, or why they cannot be compared."""
    baseline, current = comparison.baseline, comparison.current
    if comparison.obstacle or not isinstance(baseline, CategoryCounts):
        return Estimate.missing(comparison.obstacle)
    if not isinstance(current, CategoryCounts) or baseline.rest or current.rest:
        return Estimate.missing(TOO_MANY, current.n)
    return baseline, current


def shannon_term(p: FloatArray, q: FloatArray) -> FloatArray:
    """What bins add to the Jensen-Shannon divergence, in nats."""
    middle = (p + q) / 2

    def part(of: FloatArray) -> FloatArray:
        found: FloatArray = of * np.log(np.divide(of, middle, out=np.ones_like(of), where=of > 0))
        return found

    found: FloatArray = (part(p) + part(q)) / 2
    return found


def summed(sides: tuple[Rows, Rows], term: Term, *fills: Term) -> tuple[float, float]:
    """The sum of a term over bins, and how far it may be off that of the other tool's own bins.

    The term is convex in both shares, and 0 where they are equal or more: so its extremes are at the ends of
    the ranges, with one row as the end of an empty bin, or at 0 where the ranges meet.

    Args:
        sides: the baseline and the current window.
        term: as it is on what was counted.
        fills: the term with other fills of empty bins, among which the tool's own lies; left out: as it is.
    """
    was, now = sides
    value = float(term(was.shares, now.shares).sum())
    if was.exact and now.exact:
        return value, 0.0
    p, q = was.corners[:, None], now.corners[None]
    ends = [each(*np.broadcast_arrays(p, q)).reshape(9, -1) for each in fills or (term,)]
    found = np.concatenate(ends)
    meet = (was.least / was.n <= now.most / now.n) & (now.least / now.n <= was.most / was.n)
    least = np.where(meet, np.minimum(found.min(axis=0), 0.0), found.min(axis=0))
    return value, max(float(found.max(axis=0).sum()) - value, value - float(least.sum()), 0.0)


def rooted(value: float, error: float, n: int, largest: float = 1.0) -> Estimate:
    """The root of a sum that is known with an error."""
    root = math.sqrt(max(value, 0.0))
    low, high = math.sqrt(max(value - error, 0.0)), math.sqrt(max(min(value + error, largest), 0.0))
    high = max(high, root)
    return Estimate(root, min(low, root), high, n, max(root - low, high - root, 0.0))
