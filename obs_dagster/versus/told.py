"""What days come to, in the unit of the metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from obs_dagster.tasks.comparison import Comparison
from obs_dagster.versus.day import DayDifference
from obs_dagster.versus.sequence import Look


@dataclass(frozen=True, slots=True)
class Told:
    """Two versions after some days.

    Attributes:
        look: the difference, the first version minus the second, with its interval.
        first, second: the metric of either version over these days.
        rows: the rows, or requests, that were compared, of one version where both have the same.
    """

    look: Look
    first: float
    second: float
    rows: int


def told(days: Sequence[DayDifference], look: Look, comparison: Comparison) -> Told:
    """What days come to.

    Of a root it is the difference of the roots of both means, √m - √m' = (m - m') / (√m + √m'), and the
    interval of m - m' likewise: verdicts are those on m and m'. Means of the days' own roots would be the
    lower the fewer rows a version has.

    Args:
        days: the days' differences, of which there is one at least.
        look: after the last of them.
        comparison: the metric.
    """
    weights = np.array([day.weight for day in days])
    first, second = (
        float(np.average([getattr(day, of) for day in days], weights=weights)) for of in ("first", "second")
    )
    rows = int(weights.sum())
    if not comparison.root:
        return Told(look, first, second, rows)
    first, second = math.sqrt(first), math.sqrt(second)
    # days on which nobody has made an error are none, so one of the two is above 0
    scale = first + second
    ends = {name: getattr(look, name) / scale for name in ("difference", "low", "high")}
    return Told(replace(look, **ends), first, second, rows)
