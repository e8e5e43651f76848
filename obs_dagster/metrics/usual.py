"""What a number of nights usually is: by weekday, and how far nights lie apart."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

BAND_DAYS = 56
"""Days before a night that a band follows from."""

FEWEST_NIGHTS = 14
"""Nights with a value that a band needs."""

_OF_WEEKDAY = 3
"""So many values of a weekday say what is usual on it; of fewer, those of all days do."""

_SIGMA = 1.4826
"""The standard deviation of normal values over their median distance from the median."""


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual on a night.

    Attributes:
        centre: the value.
        spread: how far nights lie from it, as a standard deviation.
    """

    centre: float
    spread: float

    def distance(self, value: float) -> float:
        """How many spreads a value lies above what is usual."""
        return (value - self.centre) / self.spread


def band_of(nights: Sequence[tuple[dt.date, float]], day: dt.date) -> Band | str:
    """What is usual on a day's weekday, with the spread of nights around that, or why that is not known.

    The spread is the median distance of nights from what is usual on their weekday, times 1.4826, which is
    the standard deviation where they are normal (Rousseeuw and Croux 1993); a few bad nights do not widen
    it. Where more than half are alike, it is their standard deviation. It is wider the fewer nights say what
    is usual: these lie closer to their own median than the next one will, whose variance has that of the
    median, pi / 2n, beside its own.

    Args:
        nights: days with their values, in any order.
        day: the day.
    """
    if len(nights) < FEWEST_NIGHTS:
        return f"{len(nights)} of the {FEWEST_NIGHTS} nights that are needed to know what is usual"
    by_weekday: dict[int, list[float]] = defaultdict(list)
    for night, value in nights:
        by_weekday[night.weekday()].append(value)
    every = median(value for _, value in nights)
    centres = {
        weekday: median(values) if len(values) >= _OF_WEEKDAY else every
        for weekday, values in by_weekday.items()
    }
    distances = [abs(value - centres[night.weekday()]) for night, value in nights]
    spread = _SIGMA * median(distances) or math.sqrt(fmean(each * each for each in distances))
    if not spread:
        return "it has been the same on all nights, so that no spread is known"
    own = len(by_weekday[day.weekday()])
    behind = own if own >= _OF_WEEKDAY else len(nights)
    spread *= math.sqrt((1 + math.pi / (2 * behind)) / (1 - 1 / behind))
    return Band(centres.get(day.weekday(), every), spread)
