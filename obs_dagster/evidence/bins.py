"""Few bins that stay: each day of a baseline, and each night, is counted on those of the whole baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from obs_dagster.profile.distribution import CategoryCounts, Counts, FloatArray, IntArray, NumericCounts

NUMERIC_BINS = 10
CATEGORY_BINS = 20
_FAR = 0.5
"""How far beyond the baseline's range, as a part of it, values are apart from its outer tenths. A cold day is
still in these; degrees of another unit are not."""

_LEAST_ROWS = 5.0
"""Values that fewer rows of an average day have are counted together."""


_LEAST_BESIDE, _MANY_BESIDE, _FEW_PARTS = 10.0, 100.0, 3
"""Numbers beside one that most rows have are in few parts of which an average day has ten rows or more, or in
more of a hundred. Where days differ in how many such numbers they have, a sum over many parts of ten rows is
now and then larger than any law of χ² has it: with nine of them, twenty such columns had four to six false
alarms a year at a budget of one."""


class Bins(Protocol):
    """Counts a column on bins of its baseline; the last one holds what is missing, or is of another type."""

    @property
    def ordered(self) -> bool:
        """Whether the bins are in order, as those of numbers are."""

    def count(self, counts: Counts) -> IntArray:
        """Rows per bin, shape (k,)."""

    def count_days(self, days: Sequence[Counts]) -> IntArray:
        """The same of several days at once, shape (days, k)."""


@dataclass(frozen=True, slots=True)
class _Quantiles:
    """Tenths of the baseline, and what is far off, between ascending `edges`; what is on one is above it."""

    edges: FloatArray
    ordered = True

    def count(self, counts: Counts) -> IntArray:
        found: IntArray = self.count_days([counts])[0]
        return found

    def count_days(self, days: Sequence[Counts]) -> IntArray:
        found = np.zeros((len(days), len(self.edges) + 2), dtype=np.int64)
        found[:, -1] = [day.missing if isinstance(day, NumericCounts) else day.rows for day in days]
        numbers = [(row, day) for row, day in enumerate(days) if isinstance(day, NumericCounts)]
        if numbers:
            row = np.repeat([row for row, _ in numbers], [len(day.points) for _, day in numbers])
            points = np.concatenate([day.points for _, day in numbers])
            counts = np.concatenate([day.counts for _, day in numbers])
            np.add.at(found, (row, np.searchsorted(self.edges, points, side="right")), counts)
        return found


@dataclass(frozen=True, slots=True)
class _Values:
    """Frequent values; all others are counted together."""

    values: Sequence[str]
    ordered = False

    def count(self, counts: Counts) -> IntArray:
        if not isinstance(counts, CategoryCounts):
            own = [0] * (len(self.values) + 1)
            return np.array([*own, counts.rows], dtype=np.int64)
        own = [counts.counts.get(value, 0) for value in self.values]
        return np.array([*own, counts.n - sum(own), counts.missing], dtype=np.int64)

    def count_days(self, days: Sequence[Counts]) -> IntArray:
        return np.array([self.count(day) for day in days])


def bins_of(baseline: Counts, days: int) -> Bins:
    """The bins of a baseline of so many days: tenths of its numbers, or its twenty most frequent values."""
    if isinstance(baseline, CategoryCounts):
        least = _LEAST_ROWS * max(days, 1)
        common = sorted(baseline.counts.items(), key=lambda item: (-item[1], item[0]))[:CATEGORY_BINS]
        return _Values([value for value, rows in common if rows >= least])
    return _Quantiles(_edges(baseline, max(days, 1)))


def pooled(days: Sequence[Counts]) -> Counts:
    """What days have together, as far as bins ask; those of another type than the last are left out."""
    last = days[-1]
    if isinstance(last, CategoryCounts):
        named = [day for day in days if isinstance(day, CategoryCounts)]
        total: dict[str, int] = {}
        for day in named:
            for value, rows in day.counts.items():
                total[value] = total.get(value, 0) + rows
        nulls, rest = (sum(getattr(day, name) for day in named) for name in ("nulls", "rest"))
        return CategoryCounts(total, nulls, rest)
    numbers = [day for day in days if isinstance(day, NumericCounts)]
    every = np.concatenate([day.points for day in numbers])
    points, place = np.unique(every, return_inverse=True)
    counts, widths = np.zeros(len(points), dtype=np.int64), np.zeros(len(points))
    np.add.at(counts, place, np.concatenate([day.counts for day in numbers]))
    np.maximum.at(widths, place, np.concatenate([day.widths for day in numbers]))
    return NumericCounts(points, widths, counts, nulls=sum(day.missing for day in numbers))


def _edges(baseline: NumericCounts, days: int) -> FloatArray:
    """Between points: a value that holds a tenth of the rows is a bin of its own, beside parts of the others.

    Where nearly all rows have one value, tenths of all would put whatever else there is into one bin, what is
    hardly unusual with what is very much so.

    Args:
        baseline: what the bins are of.
        days: of how many days it is.
    """
    used = baseline.counts > 0
    points, widths, counts = baseline.points[used], baseline.widths[used], baseline.counts[used]
    if len(points) < 2:  # noqa: PLR2004 - one value is apart from what lies beside it
        return np.unique([edge for point in points for edge in (point, np.nextafter(point, np.inf))])
    heavy = counts * NUMERIC_BINS >= counts.sum()
    others = np.where(heavy, 0, counts)
    n = int(others.sum())
    parts = NUMERIC_BINS
    if heavy.any():
        few = min(_FEW_PARTS, int(n / (_LEAST_BESIDE * days)))
        most = NUMERIC_BINS - int(heavy.sum())
        parts = max(1, min(most, max(few, int(n / (_MANY_BESIDE * days)))))
    middle = 2 * np.cumsum(others) - others
    part = np.minimum(middle * parts // max(2 * n, 1), parts - 1)
    first = np.flatnonzero((np.diff(part) != 0) | heavy[1:] | heavy[:-1]) + 1
    below = points[first - 1] + widths[first - 1] / 2
    above = points[first] - widths[first] / 2
    with np.errstate(over="ignore"):
        # values may be as far apart as no number is; then there is no edge beyond them
        reach = _FAR * (points[-1] - points[0])
    edges: FloatArray = np.unique([points[0] - reach, *(below / 2 + above / 2), points[-1] + reach])
    return edges[np.isfinite(edges)]
