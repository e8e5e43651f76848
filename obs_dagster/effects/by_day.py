"""Weighted means over days, and how sure they are where days differ from each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import FloatArray

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Mean:
    """A number with its interval.

    Attributes:
        value: the number.
        error: its standard error.
        low, high: its 95 % interval.
        p_value: how likely a number as far from 0 is, if it is 0.
        days: days behind it.
    """

    value: float
    error: float
    low: float
    high: float
    p_value: float
    days: int

    @property
    def decided(self) -> int:
        """1 if it is surely above 0, -1 if it is surely below, 0 if nobody can tell."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def over_days(values: FloatArray, without: FloatArray) -> Mean:
    """A number with the error that the jackknife over days gives it.

    The variance is (G - 1)/G Σ (v(-g) - v̄)², v(-g) the number without day g, v̄ their mean; the interval is
    that of Student's t with G - 1 degrees of freedom (Cameron and Miller, Journal of Human Resources 50,
    2015, section VI: CR3).

    Args:
        values: the number, of all days, shape ().
        without: the same without each of the days, shape (G,), two at least.
    """
    from scipy.stats import t

    days = len(without)
    error = float(np.sqrt((days - 1) / days * np.sum((without - without.mean()) ** 2)))
    value, reach = float(values), float(t.ppf((1 + CONFIDENCE) / 2, days - 1)) * error
    p_value = float(2 * t.sf(abs(value) / error, days - 1)) if error > 0 else float(value == 0)
    return Mean(value, error, value - reach, value + reach, p_value, days)


def weighted_mean(sums: FloatArray, weights: FloatArray) -> Mean:
    """A weighted mean of rows, from the sums of each day.

    Args:
        sums: of weight times value, shape (G,).
        weights: of the weights, likewise.
    """
    top, bottom = sums.sum(), weights.sum()
    return over_days(top / bottom, (top - sums) / (bottom - weights))
