"""Sums and extremes of finite values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray, IntArray

_NONE = np.array([0.0, 0.0, np.inf, -np.inf])


@dataclass(frozen=True, slots=True)
class Moments:
    """Sum, sum of squares, least and greatest finite value of each of some groups.

    Attributes:
        sums: shape (groups, 4), in that order; a group without a finite value has 0, 0, inf and -inf.
    """

    sums: FloatArray

    @classmethod
    def none(cls, groups: int = 0) -> Moments:
        """Groups without any value."""
        return cls(np.tile(_NONE, (groups, 1)))

    def grown(self, groups: int) -> Moments:
        """With further groups, without any value, up to so many."""
        more = groups - len(self.sums)
        return Moments(np.concatenate([self.sums, np.tile(_NONE, (more, 1))])) if more > 0 else self

    def regrouped(self, groups: IntArray, count: int) -> Moments:
        """The moments with groups joined, given the new group of each; all are below `count`."""
        joined = Moments.none(count)
        places = groups[: len(self.sums)]
        with np.errstate(over="ignore"):
            np.add.at(joined.sums[:, :2], places, self.sums[:, :2])
        np.minimum.at(joined.sums[:, 2], places, self.sums[:, 2])
        np.maximum.at(joined.sums[:, 3], places, self.sums[:, 3])
        return joined
