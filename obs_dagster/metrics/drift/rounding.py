"""How far a statistic of what was counted may be off that of the rows: of deciles, of too many categories.

The edges of `alignment.deciles` are edges of the profile's bins. With the exact edge, which lies inside such
a bin, any part of that bin's rows could be on the other side. So for the exact deciles each bin's rows are
known to lie in a range, and a statistic that is convex in the shares has its bounds at the ranges' ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from obs_dagster.metrics.drift.alignment import BINS, Pointwise, pieces_of
from obs_dagster.profile.distribution import CategoryCounts, FloatArray, IntArray

BoolArray = NDArray[np.bool_]

Term = Callable[[FloatArray, FloatArray], FloatArray]
"""What bins with shares p and q add to a divergence: 0 where they are equal, convex, homogeneous."""

Slopes = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
"""The derivatives of a term by p and by q; not finite where it has none."""

_SLOTS = BINS + 1
"""The deciles, and what lies beyond a heavy value at the top of the baseline."""


@dataclass(frozen=True, slots=True)
class ExactShares:
    """What is known of exact shares; the first axis is the side: baseline, current.

    Attributes:
        least, most: the share that each bin holds, shape (2, k); deciles are the first `_SLOTS` bins.
        divided: shares that may go to one decile or another, of bins of the profile, shape (2, u).
        reach: the deciles that each of them may be divided among, shape (u, _SLOTS).
        same_bins: whether they are the bins of `deciles`; a bin of the profile that holds a tenth of the
            baseline or more may hold values that are bins of their own.
    """

    least: FloatArray
    most: FloatArray
    divided: FloatArray
    reach: BoolArray
    same_bins: bool

    def bounds(self, term: Term) -> tuple[FloatArray, FloatArray]:
        """The least and the most that each bin may add, shape (k,) each.

        Being convex, a term has its maximum at a corner; and it grows away from p = q.
        """
        (p_least, q_least), (p_most, q_most) = self.least, self.most
        nearest_p = np.minimum(np.maximum(q_least, p_least), p_most)
        nearest_q = np.minimum(np.maximum(nearest_p, q_least), q_most)
        terms = term(
            np.array([nearest_p, p_least, p_least, p_most, p_most]),
            np.array([nearest_q, q_least, q_most, q_least, q_most]),
        )
        return terms[0], terms[1:].max(axis=0)

    def error(self, value: float, term: Term, slopes: Slopes) -> float:
        """How far the sum of the terms may be off `value`, that of the bins of `deciles`."""
        least, most = self.bounds(term)
        error = max(0.0, float(most.sum()) - value, value - float(least.sum()))
        return min(error, self._shift(slopes)) if self.same_bins else error

    def _shift(self, slopes: Slopes) -> float:
        """The most that moving rows between neighbours can change the sum, by the mean value theorem.

        What leaves a bin enters its neighbour, so that only the difference of their slopes counts. A slope
        rises with the bin's own share and falls with the other side's.
        """
        (p_least, q_least), (p_most, q_most) = self.least[:, :_SLOTS], self.most[:, :_SLOTS]
        with np.errstate(divide="ignore", invalid="ignore"):
            by_p, by_q = slopes(np.array([p_least, p_most]), np.array([q_most, q_least]))
            lowest, highest = np.array([by_p[0], by_q[1]]), np.array([by_p[1], by_q[0]])
            top = np.where(self.reach, highest[:, np.newaxis], -np.inf).max(axis=-1)
            bottom = np.where(self.reach, lowest[:, np.newaxis], np.inf).min(axis=-1)
            shift = float(np.where(self.divided > 0, self.divided * (top - bottom), 0.0).sum())
        return np.inf if np.isnan(shift) else shift


def exact_deciles(aligned: Pointwise) -> ExactShares | None:
    """What is known of the shares on the deciles that rows counted by value would have; None if all is."""
    wide = aligned.widths > 0
    if not wide.any():
        return None
    n = int(aligned.baseline.sum())
    heavy = aligned.baseline * BINS >= n
    lower, upper = _ranks(aligned, wide)
    top = _top(upper, heavy, wide & (aligned.baseline > 0), n)
    # Twice the rank of the middle of a value's rows gives its decile.
    middle = np.where(wide, 0, aligned.baseline)
    first = np.minimum((2 * lower + middle) * BINS // (2 * n), top[0])
    last = np.minimum((2 * upper - middle) * BINS // (2 * n), top[1])
    # A value that holds a tenth of the baseline is a bin of its own, also with the exact deciles.
    alone, loose = heavy & ~wide, heavy & wide
    divided = np.flatnonzero((first < last) & ~alone)
    shares = np.array([aligned.baseline / n, aligned.current / aligned.current.sum()])
    parted = shares[:, divided]
    whole = heavy | ~wide | (upper - lower != aligned.baseline)
    below, above = _certain_parts(
        aligned.baseline[divided], lower[divided], last[divided] * n / BINS, whole[divided]
    )
    parted[0] -= (below + above) / n
    if not parted.any():
        return None
    slots = np.arange(_SLOTS)
    reach = (first[divided, np.newaxis] <= slots) & (slots <= last[divided, np.newaxis])
    if alone.any():
        reach &= _unblocked(lower[alone], upper[alone], aligned.baseline[alone], n)
    settled = shares.copy()
    settled[:, divided] = settled[:, alone] = 0.0
    least = np.array([np.bincount(first, weights=side, minlength=_SLOTS) for side in settled])
    for certain, decile in ((below, first), (above, last)):
        least[0] += np.bincount(decile[divided], weights=certain / n, minlength=_SLOTS)
    most = least + parted @ reach
    # A heavy bin of the profile may come to values of their own, even to some that only one side has.
    own, apart = shares[:, alone], np.diag(shares[:, loose].sum(axis=1))
    return ExactShares(
        np.concatenate([least, own, np.zeros((2, 2))], axis=1),
        np.concatenate([most, own, apart], axis=1),
        parted,
        reach,
        same_bins=not loose.any(),
    )


def exact_categories(baseline: CategoryCounts, current: CategoryCounts) -> ExactShares | None:
    """What is known of the shares of all values where there were too many to count each; None if all is.

    A value may have more rows than were counted, in the rest; and the rest of each side may be of values that
    the other side does not have.
    """
    sides = baseline, current
    if not any(side.rest for side in sides):
        return None
    values = sorted({*baseline.counts, *current.counts})
    rests = [pieces_of(side.rest, side.most) / side.n for side in sides]
    nothing = [np.zeros(len(rest)) for rest in rests]
    pieces = np.array([np.concatenate([rests[0], nothing[1]]), np.concatenate([nothing[0], rests[1]])])
    counted = np.array([[side.counts.get(value, 0) / side.n for value in values] for side in sides])
    room = np.array([[min(side.most, side.rest) / side.n] for side in sides])
    return ExactShares(
        np.concatenate([counted, np.zeros_like(pieces)], axis=1),
        np.concatenate([counted + room, pieces], axis=1),
        divided=np.zeros((2, 0)),
        reach=np.zeros((0, _SLOTS), dtype=np.bool_),
        same_bins=False,
    )


def _ranks(aligned: Pointwise, wide: BoolArray) -> tuple[IntArray, IntArray]:
    """Rows of the baseline that are certainly below each point's, and those that may be at or below them.

    Bins do not overlap; but a value that is counted exactly may lie inside a bin, whose rows can then be on
    either side of it.
    """
    upper = np.cumsum(aligned.baseline)
    below = upper - aligned.baseline
    if wide.all():
        return below, upper
    starts = np.flatnonzero(np.diff(holders(aligned), prepend=-1))
    group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(wide)))
    binned = np.where(wide, aligned.baseline, 0)
    binned_below = np.cumsum(binned) - binned
    start = starts[group]
    lower = np.where(wide, below[start], below - (binned_below - binned_below[start]))
    extent = np.add.reduceat(aligned.baseline, starts)[group]
    inside = np.add.reduceat(binned, starts)[group]
    return lower, lower + np.where(wide, extent, aligned.baseline + inside)


def holders(aligned: Pointwise) -> IntArray:
    """The index of the bin that each point lies in; its own where it lies in none."""
    wide = aligned.widths > 0
    found = np.arange(len(wide))
    bins, values = np.flatnonzero(wide), np.flatnonzero(~wide)
    if not len(bins):
        return found
    after = np.searchsorted(aligned.points[bins], aligned.points[values])
    for near in (after - 1, after):
        each = bins[np.clip(near, 0, len(bins) - 1)]
        inside = np.abs(aligned.points[values] - aligned.points[each]) < aligned.widths[each] / 2
        found[values[inside]] = each[inside]
    return found


def _top(upper: IntArray, heavy: BoolArray, binned: BoolArray, n: int) -> tuple[int, int]:
    """The lowest and the highest decile of a row above the baseline's largest value.

    It shares the top decile, unless that value is a bin of its own.
    """
    largest = upper == n
    if not heavy[largest].any():
        return BINS - 1, BINS - 1
    return (BINS - 1 if binned[largest].any() else BINS), BINS


def _unblocked(lower: IntArray, upper: IntArray, rows: IntArray, n: int) -> BoolArray:
    """The deciles that can hold other rows than those of the values of their own, shape (_SLOTS,)."""
    slots = np.arange(_SLOTS)[:, np.newaxis]
    # A value's first row has at most this rank, its last one at least that.
    starts, ends = upper - rows, lower + rows
    blocked = (slots * n > starts * BINS) & ((slots + 1) * n <= ends * BINS) & (slots < BINS - 1)
    free: BoolArray = np.logical_not(blocked.any(axis=1))
    return free


def _certain_parts(
    rows: IntArray, lower: IntArray, cut: FloatArray, whole: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Of the baseline's rows of bins, those that are certainly below a cut inside, and those above.

    A value's rows go where their middle lies. Of r rows, cut after the x-th, so at least 2 x - r are below
    and r - 2 x above: one value would have to hold all others, and its middle to lie beyond the cut.

    Args:
        rows: the bins' rows.
        lower: the baseline's rows below them.
        cut: the rank of the cut.
        whole: where nothing is known: bins with other values inside, or with more than one cut.
    """
    inside = np.where(whole, rows / 2, cut - lower)
    return np.clip(2 * inside - rows, 0, rows), np.clip(rows - 2 * inside, 0, rows)
