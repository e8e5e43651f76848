"""Sums and extremes of finite values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray


@dataclass(slots=True)
class Moments:
    """Sum, sum of squares, least and greatest finite value of each of some groups, shape (groups,) each.

    A group without a finite value has the sums 0 and the extremes inf and -inf.
    """

    total: FloatArray
    total_sq: FloatArray
    minimum: FloatArray
    maximum: FloatArray

    @classmethod
    def none(cls, groups: int = 0) -> Moments:
        """Groups without any value."""
        return cls(np.zeros(groups), np.zeros(groups), np.full(groups, np.inf), np.full(groups, -np.inf))

    @classmethod
    def of_runs(cls, values: FloatArray, starts: IntArray) -> Moments:
        """The moments of runs of values.

        Args:
            values: NaN where there is no finite value, shape (rows,).
            starts: where each run begins; no run is empty.
        """
        known = ~np.isnan(values)
        filled = low = high = values
        if not known.all():
            filled = np.where(known, values, 0.0)
            low, high = np.where(known, values, np.inf), np.where(known, values, -np.inf)
        with np.errstate(over="ignore"):
            return cls(
                np.add.reduceat(filled, starts),
                np.add.reduceat(filled * filled, starts),
                np.minimum.reduceat(low, starts),
                np.maximum.reduceat(high, starts),
            )

    def add(self, groups: IntArray, other: Moments, count: int) -> None:
        """Add other moments, given the group that each belongs to; all groups are below `count`."""
        if count > len(self.total):
            more = Moments.none(count - len(self.total))
            self.total = np.concatenate([self.total, more.total])
            self.total_sq = np.concatenate([self.total_sq, more.total_sq])
            self.minimum = np.concatenate([self.minimum, more.minimum])
            self.maximum = np.concatenate([self.maximum, more.maximum])
        with np.errstate(over="ignore"):
            np.add.at(self.total, groups, other.total)
            np.add.at(self.total_sq, groups, other.total_sq)
        np.minimum.at(self.minimum, groups, other.minimum)
        np.maximum.at(self.maximum, groups, other.maximum)

    def regrouped(self, groups: IntArray, count: int) -> Moments:
        """The moments with groups joined, given the new group of each; all are below `count`."""
        joined = Moments.none(count)
        joined.add(groups[: len(self.total)], self, count)
        return joined
