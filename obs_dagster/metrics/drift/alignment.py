"""Lays two counts of one column side by side: on common bins, or on common points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import CategoryCounts, FloatArray, IntArray, NumericCounts

BINS = 10
COARSE = 128


@dataclass(frozen=True, slots=True)
class Binned:
    """Rows per bin of the baseline and of the current window, both of shape (k,)."""

    baseline: IntArray
    current: IntArray


@dataclass(frozen=True, slots=True)
class Replicates:
    """Rows per bin of both sides in every replicate of a bootstrap, both of shape (replicates, k)."""

    baseline: FloatArray
    current: FloatArray


@dataclass(frozen=True, slots=True)
class Pointwise:
    """Rows per point of the baseline and of the current window.

    Attributes:
        points: ascending, divided by `scale`, so that no difference or square of them overflows; shape (k,).
        widths: the width of each point's bin in the same unit; 0 where the value was counted exactly.
        baseline, current: rows at each point, shape (k,).
        scale: the largest absolute value of a point.
    """

    points: FloatArray
    widths: FloatArray
    baseline: IntArray
    current: IntArray
    scale: float

    def coarse(self, groups: int = COARSE) -> Pointwise:
        """The same counts on at most `groups` points, for the bootstrap.

        Neighbours are merged into their mean so that each group holds the same part of the rows and of
        the distance from the median: the body stays resolved for Kolmogorov-Smirnov, the tails for
            Wasserstein.
        """
        if len(self.points) <= groups:
            return self
        rows = self.baseline / self.baseline.sum() + self.current / self.current.sum()
        median = self.points[np.searchsorted(np.cumsum(rows), 1.0)]
        moment = rows * np.abs(self.points - median)
        weight = rows / rows.sum() + (moment / moment.sum() if moment.any() else 0.0)
        group = np.minimum((np.cumsum(weight) / weight.sum() * groups).astype(np.int64), groups - 1)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        # A group always has rows of one side: points without any are never aligned.
        mass = np.add.reduceat(rows, starts)
        return Pointwise(
            points=np.add.reduceat(rows * self.points, starts) / mass,
            widths=np.maximum.reduceat(self.widths, starts),
            baseline=np.add.reduceat(self.baseline, starts),
            current=np.add.reduceat(self.current, starts),
            scale=self.scale,
        )


def align_points(baseline: NumericCounts, current: NumericCounts) -> Pointwise:
    """Both columns' counts on the union of their points.

    Both must be counted on one grid (the baseline's): then equal bins have equal centres.
    """
    used_baseline, used_current = baseline.counts > 0, current.counts > 0
    points = np.union1d(baseline.points[used_baseline], current.points[used_current])
    counts = np.zeros((2, len(points)), dtype=np.int64)
    widths = np.zeros(len(points))
    for row, (side, used) in enumerate(((baseline, used_baseline), (current, used_current))):
        place = np.searchsorted(points, side.points[used])
        counts[row, place] = side.counts[used]
        widths[place] = np.maximum(widths[place], side.widths[used])
    scale = max(float(np.abs(points).max()), float(widths.max()))
    scale = scale if scale > 0 else 1.0
    return Pointwise(points / scale, widths / scale, counts[0], counts[1], scale)


def deciles(aligned: Pointwise) -> Binned:
    """Counts on the deciles of the baseline, whose edges are edges of the profile's grid.

    `rounding.exact_deciles` says how far they may be off those of rows counted by value.

    A point belongs to the decile in which the middle of its rows lies. A value that holds a tenth of the
    baseline or more is a bin of its own, so that ties never blur it with its neighbours. What lies beyond the
    baseline's range falls into the outer bins, unless those are such values.
    """
    n = int(aligned.baseline.sum())
    # Twice the rows below a point plus its own: integers, so that a decile's edge never hangs on rounding.
    middle = 2 * np.cumsum(aligned.baseline) - aligned.baseline
    decile = np.minimum(middle * BINS // (2 * n), BINS - 1)
    heavy = aligned.baseline * BINS >= n
    first = np.ones(len(decile), dtype=bool)
    first[1:] = (np.diff(decile) != 0) | heavy[1:] | heavy[:-1]
    starts = np.flatnonzero(first)
    return Binned(np.add.reduceat(aligned.baseline, starts), np.add.reduceat(aligned.current, starts))


def align_categories(baseline: CategoryCounts, current: CategoryCounts) -> Binned:
    """Counts on the union of both sides' values, in the order of their names."""
    values = sorted({*baseline.counts, *current.counts})
    return Binned(
        np.array([baseline.counts.get(value, 0) for value in values], dtype=np.int64),
        np.array([current.counts.get(value, 0) for value in values], dtype=np.int64),
    )
