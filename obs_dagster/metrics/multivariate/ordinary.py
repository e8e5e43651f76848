"""How surprising a number of several columns is beside what it is on ordinary days."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from obs_dagster.evidence.variation import LEAST_DAYS

_LEAST_SPREAD = 0.02
"""Days are never taken to differ by less, as a part of the number: what no one would act on is no news."""


def too_few(days: int) -> str:
    """Why so many days do not tell how days differ; empty if they do."""
    if days >= LEAST_DAYS:
        return ""
    return f"not calibrated: {days} days of the baseline have enough rows, {LEAST_DAYS} are needed"


def p_value(value: float, ordinary: Sequence[float], *, both: bool = False) -> float:
    """The chance that one more ordinary day has such a number, or a more extreme one.

    Logarithms of the days' numbers are taken as normal. The next one has then Student's t distribution around
    their mean, wider by what the mean is unsure of; logarithms leave room for days that differ much. Its tail
    is the heavier the fewer days there are, so that p is rather too large than too small.

    Args:
        value: of the day, positive.
        ordinary: of days of the baseline, each beside the others; at least two, positive.
        both: whether a small number is as surprising as a large one.
    """
    from scipy.special import stdtr

    days = np.log(np.asarray(ordinary, dtype=np.float64))
    n = len(days)
    spread = max(float(days.std(ddof=1)), _LEAST_SPREAD) * math.sqrt(1 + 1 / n)
    off = (math.log(value) - float(days.mean())) / spread
    above = float(stdtr(n - 1, -(abs(off) if both else off)))
    return min(1.0, 2 * above) if both else above
