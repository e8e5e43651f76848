"""How strong something that nobody logged would have to be to make an effect of nothing: E-values.

VanderWeele and Ding, Sensitivity analysis in observational research: introducing the E-value, Annals of
Internal Medicine 167, 2017, 268-274.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from obs_dagster.effects.by_day import Mean

_TO_LOG_RATIO = 0.91
"""What a standardised difference is multiplied by for an approximate logarithm of a risk ratio: Chinn,
Statistics in Medicine 19, 2000, and VanderWeele and Ding, table 2."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What a common cause of routing and outcome would have to be like.

    Attributes:
        explains: by how many times it would have to make both likelier to explain all of the effect.
        shakes: likewise to move the interval to no effect; 1 if it has that in it already.
    """

    explains: float
    shakes: float


def e_value(ratio: float) -> float:
    """The E-value of a risk ratio: RR + √(RR (RR - 1)), of 1 / RR where that is below 1.

    >>> round(e_value(3.9), 2), e_value(1.0), round(e_value(0.5), 3) == round(e_value(2.0), 3)
    (7.26, 1.0, True)
    """
    above = max(ratio, 1 / ratio)
    return above + math.sqrt(above * (above - 1))


def of_ratio(log_ratio: Mean) -> Unmeasured:
    """Of outcomes of two classes: from the logarithm of the ratio of their means."""
    return _of(log_ratio.value, log_ratio.low, log_ratio.high)


def of_difference(effect: Mean, spread: float) -> Unmeasured:
    """Of outcomes that are numbers: a difference in standard deviations d is about the ratio exp(0.91 d).

    Args:
        effect: the difference in means.
        spread: the standard deviation of the outcome, above 0.
    """
    return _of(*(_TO_LOG_RATIO * each / spread for each in (effect.value, effect.low, effect.high)))


def _of(value: float, low: float, high: float) -> Unmeasured:
    nearest = 0.0 if low <= 0 <= high else min((low, high), key=abs)
    return Unmeasured(e_value(math.exp(value)), e_value(math.exp(nearest)))
