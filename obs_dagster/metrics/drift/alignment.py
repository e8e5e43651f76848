"""Lays two counts of one column side by side: on common bins, or on common points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import CategoryCounts, FloatArray, IntArray, NumericCounts
from obs_dagster.profile.grids.nearness import is_near

BINS = 10
COARSE = 128
#: More values that share a rest are joined; each has less of the rows than PSI can tell from none.
_MOST_PIECES = 10_000


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
        near: rows of both sides that are only as good as equal to a value counted exactly, shape (2, k).
        reach: how far they can be off it, in the unit of the points, shape (k,).
    """

    points: FloatArray
    widths: FloatArray
    baseline: IntArray
    current: IntArray
    scale: float
    near: IntArray
    reach: FloatArray

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
            near=np.add.reduceat(self.near, starts, axis=1),
            reach=np.maximum.reduceat(self.reach, starts),
        )


def align_points(baseline: NumericCounts, current: NumericCounts) -> Pointwise:
    """Both columns' counts on the union of their points.

    Both must be counted on one grid (the baseline's): then equal bins have equal centres. A value counted
    exactly stays apart from a bin that it is the centre of.
    """
    sides = baseline, current
    used = [side.counts > 0 for side in sides]
    every = np.concatenate([side.points[here] for side, here in zip(sides, used, strict=True)])
    wide = np.concatenate([side.widths[here] for side, here in zip(sides, used, strict=True)])
    order = np.lexsort((wide > 0, every))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(every[order]) > 0) | (np.diff(wide[order] > 0) != 0)
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.cumsum(first) - 1
    points = every[order][first]
    widths, reach = np.zeros((2, len(points)))
    counts, near = np.zeros((2, 2, len(points)), dtype=np.int64)
    np.maximum.at(widths, places, wide)
    for row, side in enumerate(sides):
        here = places[: used[0].sum()] if row == 0 else places[used[0].sum() :]
        counts[row, here] = side.counts[used[row]]
        if side.near is not None and side.reach is not None:
            near[row, here] = side.near[used[row]]
            reach[here] = np.maximum(reach[here], side.reach[used[row]])
    points, widths, counts, near, reach = _without_twins(points, widths, counts, near, reach)
    scale = max(float(np.abs(points).max()), float(widths.max()))
    scale = scale if scale > 0 else 1.0
    return Pointwise(points / scale, widths / scale, counts[0], counts[1], scale, near, reach / scale)


def _without_twins(
    points: FloatArray, widths: FloatArray, counts: IntArray, near: IntArray, reach: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray, IntArray, FloatArray]:
    """The points, where values that one side alone has are as good as equal to one that the other has.

    Scores that are stored in 32 bits on one side, or with noise, are those that the other has: rows of such a
    group of values count with the one that has most rows, the baseline's first, as near ones.
    """
    group = _groups_of_near(points, widths)
    sizes = np.bincount(group)
    one_sided = np.bincount(group, (counts > 0).sum(axis=0) == 1) > 0
    both = np.all([np.bincount(group, side > 0) > 0 for side in counts], axis=0)
    joined = ((sizes > 1) & one_sided & both)[group]
    if not joined.any():
        return points, widths, counts, near, reach
    starts = np.flatnonzero(np.diff(group, prepend=-1).astype(bool) | ~joined)
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(points)))
    order = np.lexsort((-counts[1], -counts[0], group))
    kept = order[starts]
    own = kept[group]
    moved = np.where(own == np.arange(len(points)), near, counts)
    return (
        points[kept],
        widths[kept],
        np.add.reduceat(counts, starts, axis=1),
        np.add.reduceat(moved, starts, axis=1),
        np.maximum.reduceat(np.abs(points - points[own]) + reach, starts),
    )


def _groups_of_near(points: FloatArray, widths: FloatArray) -> IntArray:
    """The number of the group that each point is in, ascending; all of one are near its first, shape (k,).

    Integers are not near each other: the next one is another value.
    """
    starts = np.ones(len(points), dtype=bool)
    valued = widths == 0
    starts[1:] = ~(is_near(points[1:], points[:-1]) & valued[1:] & valued[:-1])
    whole = points == np.floor(points)
    first = 0
    for place in np.flatnonzero(~starts):
        if starts[place - 1]:
            first = int(place) - 1
        far = not is_near(points[[place]], points[[first]])[0]
        starts[place] = far or (whole[place] and whole[first:place].any())
    groups: IntArray = np.cumsum(starts) - 1
    return groups


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
    """Counts on the union of both sides' values, in the order of their names.

    Where there were too many values to count each of them, those that one side has a count of are taken to
    be in the other side's rest as often as they can be expected there; and what is left of both rests is
    taken to be of the same values, none of which has more rows than it can have.
    """
    values = sorted({*baseline.counts, *current.counts})
    sides = baseline, current
    counts = np.array([[side.counts.get(value, 0) for value in values] for side in sides], dtype=np.int64)
    rests = np.array([side.rest for side in sides])
    if not rests.any():
        return Binned(counts[0], counts[1])
    for row, other in ((0, 1), (1, 0)):
        filled = _expected(counts, row, other, sides)
        counts[row] += filled
        rests[row] -= filled.sum()
    pieces = [pieces_of(int(rest), side.most) for rest, side in zip(rests, sides, strict=True)]
    longest = max(map(len, pieces))
    padded = [np.pad(rest, (0, longest - len(rest))) for rest in pieces]
    return Binned(*(np.concatenate(parts) for parts in zip(counts, padded, strict=True)))


def _expected(
    counts: IntArray, row: int, other: int, sides: tuple[CategoryCounts, CategoryCounts]
) -> IntArray:
    """Rows of one side's rest that have values which only the other side counts, shape (k,)."""
    own = sides[row]
    wanted = np.rint(counts[other] * (own.n / max(sides[other].n, 1))).astype(np.int64)
    wanted = np.where(counts[row] == 0, np.minimum(wanted, own.most), 0)
    before = np.cumsum(wanted) - wanted
    filled: IntArray = np.clip(own.rest - before, 0, wanted)
    return filled


def pieces_of(rest: int, most: int) -> IntArray:
    """A rest cut into values of as many rows as one can have, or into as many as make no difference."""
    size = max(most, 1, -(-rest // _MOST_PIECES))
    pieces = np.full(rest // size, size, dtype=np.int64)
    return np.append(pieces, rest % size) if rest % size else pieces
