"""A line through nights that a few odd ones do not bend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_Z_OF_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the 95 % interval of its slope.

    Attributes:
        level: its height at `x = 0`.
        slope, low, high: per unit of x.
    """

    level: float
    slope: float
    low: float
    high: float

    def at(self, x: float) -> float:
        """The height at x."""
        return self.level + self.slope * x


def robust_line(points: Sequence[tuple[float, float]]) -> Line:
    """The line of Theil and Sen: its slope is the median of the slopes between any two points.

    The interval is Sen's (1968), by the normal approximation of Kendall's S; the same as
    `scipy.stats.theilslopes` where no two y are equal. The level is the median of y - slope * x.

    Args:
        points: at least two of different x.
    """
    x, y = np.array(points, dtype=float).T
    first, second = np.triu_indices(len(x), k=1)
    apart = x[second] != x[first]
    slopes = np.sort((y[second] - y[first])[apart] / (x[second] - x[first])[apart])
    slope = float(np.median(slopes))
    n = len(x)
    reach = _Z_OF_95 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low = max(0, round((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, round((len(slopes) + reach) / 2))
    return Line(float(np.median(y - slope * x)), slope, float(slopes[low]), float(slopes[high]))
