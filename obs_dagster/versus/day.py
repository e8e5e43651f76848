"""What one day says of two versions: the difference of a metric, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.segments.effects import Ratio

LEAST = 5
"""Rows that either version needs in a segment for the mix to be adjusted by it."""


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A day's difference, the first version minus the second.

    Attributes:
        difference: of the metric.
        variance: of the difference.
        weight: how much the day counts beside others: the rows that are compared.
        first, second: the metric of either version.
    """

    difference: float
    variance: float
    weight: float
    first: float
    second: float


def paired_day(rows: FloatArray, ratio: Ratio) -> DayDifference | None:
    """The difference on requests that both versions have scored.

    Args:
        rows: labelled requests by the decision of the first version, of the second, and the label; shape
            (2, 2, 2).
        ratio: the metric.

    Returns:
        The difference; None where the metric of either has no value.
    """
    top, bottom = np.array(ratio.top), np.array(ratio.bottom)
    total = float(rows.sum())
    # what a request adds for either version: the first decision is on axis 0, the second on axis 1
    adds = [
        (of[:, None, :] + np.zeros((2, 2, 2)), of[None, :, :] + np.zeros((2, 2, 2))) for of in (top, bottom)
    ]
    values, influence = [], []
    for version in (0, 1):
        above, below = (float((rows * adds[part][version]).sum()) for part in (0, 1))
        if not below:
            return None
        values.append(above / below)
        influence.append((adds[0][version] - values[-1] * adds[1][version]) / below)
    variance = float((rows * (influence[0] - influence[1]) ** 2).sum())
    # two versions that always agreed so far may yet differ: half a request on either side
    variance = max(variance, 1 / (total + 1) ** 2)
    return DayDifference(values[0] - values[1], variance, total, values[0], values[1])


def unpaired_day(
    first: Mapping[str, FloatArray], second: Mapping[str, FloatArray], ratio: Ratio
) -> DayDifference | None:
    """The difference on different requests of a day, as if both versions had had the same mix of segments.

    Segments in which either version has fewer than `LEAST` rows are left out.

    Args:
        first: labelled rows of the first version by segment, each by decision and label, shape (2, 2).
        second: likewise of the second.
        ratio: the metric.
    """
    shared = [
        name for name in sorted({*first} & {*second}) if min(first[name].sum(), second[name].sum()) >= LEAST
    ]
    if not shared:
        return None
    pooled = np.array([first[name].sum() + second[name].sum() for name in shared])
    sides = [
        _weighted(np.array([of[name] for name in shared]), pooled / pooled.sum(), ratio)
        for of in (first, second)
    ]
    if sides[0] is None or sides[1] is None:
        return None
    (one, one_variance), (other, other_variance) = sides[0], sides[1]
    return DayDifference(one - other, one_variance + other_variance, float(pooled.sum()) / 2, one, other)


def _weighted(cells: FloatArray, mix: FloatArray, ratio: Ratio) -> tuple[float, float] | None:
    """A version's metric with another mix, and its variance; from rows by segment, decision and label."""
    top, bottom = np.array(ratio.top), np.array(ratio.bottom)
    # what a row counts for, so that segments have the shares that they should
    weights = (mix / cells.sum(axis=(1, 2)))[:, None, None]
    above, below = (float((weights * cells * of).sum()) for of in (top, bottom))
    if not below:
        return None
    value = above / below
    # as if one more row of each kind had been seen: nobody is sure after few rows that are all alike
    seen = cells + 0.5 * (cells.sum(axis=(1, 2)) > 0)[:, None, None] * (bottom > 0)
    influence = (top - value * bottom) / below
    return value, float((weights**2 * seen * influence**2).sum())
