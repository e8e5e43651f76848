"""Days together, with an interval that holds at all nights at once, so that people may look every night.

A usual 95 % interval holds on one night. Who looks at one every night, and stops when it leaves 0, is wrong
sooner or later. A confidence sequence holds on all nights together: Robbins' normal mixture, here on sums of
daily differences with estimated variances (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of
Statistics 52, 2024, 2613-2640).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from obs_dagster.versus.day import DayDifference

ALPHA = 0.05
"""How often a verdict may be false, over all nights together."""

LEAST_DAYS = 7
"""Days before there is a verdict: fewer do not say how days differ from each other."""

_TUNED = 14
"""The interval is narrowest after about so many days like the first."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known after some days.

    Attributes:
        days: how many had something to compare.
        difference: the mean difference, days weighted by their rows.
        low, high: its interval, which holds on all nights at once.
        p_value: how likely this much evidence is, on any night, if there is no difference.
    """

    days: int
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def decided(self) -> int:
        """1 if the first version is higher, -1 if it is lower, 0 if nobody can tell yet."""
        if self.days < LEAST_DAYS:
            return 0
        return 1 if self.low > 0 else -1 if self.high < 0 else 0

    @property
    def turned(self) -> Look:
        """The second version minus the first."""
        return Look(self.days, -self.difference, -self.high, -self.low, self.p_value)


def looks(days: Sequence[DayDifference], alpha: float = ALPHA) -> Iterator[Look]:
    """What is known after each day.

    Args:
        days: the days' differences, in order.
        alpha: how often the interval may miss the truth on any night.
    """
    total = weight = variance = 0.0
    prior = 0.0
    # of squares, differences and ones, each by the variance: a look costs the same every night
    sums = [0.0, 0.0, 0.0]
    for place, day in enumerate(days, 1):
        total += day.weight * day.difference
        weight += day.weight
        variance += day.weight**2 * day.variance
        prior = prior or _prior(variance, alpha)
        mean = total / weight
        # days that differ from each other by more than their rows explain are worth less
        sums = [
            each + day.difference**power / day.variance for each, power in zip(sums, (2, 1, 0), strict=True)
        ]
        squares = max(0.0, sums[0] - 2 * mean * sums[1] + mean**2 * sums[2])
        spread = variance * _effect(squares, place - 1)
        inside = (spread + prior) / prior
        reach = math.sqrt((spread + prior) * (math.log(inside) - 2 * math.log(alpha))) / weight
        p_value = min(1.0, math.sqrt(inside) * math.exp(-(total**2) / (2 * (spread + prior))))
        yield Look(place, mean, mean - reach, mean + reach, p_value)


def _effect(squares: float, freedom: int) -> float:
    """By how much days differ more than rows explain, with what is not known of that by then; at least 1."""
    return max(1.0, squares / freedom * (1 + 1 / math.sqrt(freedom))) if freedom else 1.0


def _prior(first: float, alpha: float) -> float:
    """The mixture's variance for which the interval is narrowest after `_TUNED` days like the first."""
    often = -2 * math.log(alpha)
    return _TUNED * first / (often + math.log(1 + often))
