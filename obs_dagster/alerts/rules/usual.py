"""What a metric usually is, from a subject's own nights: by weekday, and how far nights lie apart."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, median

from obs_dagster.alerts.rules.fold import Observation, Reference

USUAL_DAYS = 28
"""Days before a night of whose same weekday the median is what is usual; two of them are needed."""

BAND_DAYS = 56
"""Days before a night that a band follows from."""

FEWEST_NIGHTS = 14
"""Nights with a value that a band needs."""

_OF_WEEKDAY = 3
"""So many values of a weekday say what is usual on it; of fewer, those of all days do."""

_SIGMA = 1.4826
"""The standard deviation of normal values over their median distance from the median."""

Known = Mapping[dt.date, Observation]
"""The nights that have a value, by day."""


def usual(known: Known, day: dt.date) -> tuple[Reference | None, str]:
    """What the metric was on the same weekday of the weeks before a night, or why that is not known."""
    weeks = (day - dt.timedelta(days=back) for back in range(7, USUAL_DAYS + 1, 7))
    found = [known[each] for each in weeks if each in known]
    if len(found) < 2:  # noqa: PLR2004 - one day is no custom
        return None, "too few weeks to know what is usual"
    value = median(_values(found))
    return Reference(value, value, value, min(night.n for night in found)), ""


def band(known: Known, day: dt.date) -> tuple[Reference | None, str]:
    """What the metric usually is on a night's weekday, with the spread of nights around that, or why not.

    The spread is the median distance of nights from what is usual on their weekday, times 1.4826, which is
    the standard deviation where they are normal (Rousseeuw and Croux 1993); a few bad nights do not widen
    it. Where more than half are alike, it is their standard deviation. It is wider the fewer nights say what
    is usual: these lie closer to their own median than the next one will, whose variance has that of the
    median, pi / 2n, beside its own.
    """
    before = (day - dt.timedelta(days=back) for back in range(1, BAND_DAYS + 1))
    found = [known[each] for each in before if each in known]
    if len(found) < FEWEST_NIGHTS:
        return None, f"{len(found)} of the {FEWEST_NIGHTS} nights that are needed to know what is usual"
    by_weekday = defaultdict(list)
    for night in found:
        by_weekday[night.day.weekday()].append(night)
    every = median(_values(found))
    centres = {
        weekday: median(_values(nights)) if len(nights) >= _OF_WEEKDAY else every
        for weekday, nights in by_weekday.items()
    }
    distances = [
        abs(value - centres[night.day.weekday()]) for night, value in zip(found, _values(found), strict=True)
    ]
    spread = _SIGMA * median(distances) or fmean(each * each for each in distances) ** 0.5
    if not spread:
        return None, "it has been the same on all nights, so that no spread is known"
    own = by_weekday[day.weekday()]
    behind = len(own) if len(own) >= _OF_WEEKDAY else len(found)
    spread *= math.sqrt((1 + math.pi / (2 * behind)) / (1 - 1 / behind))
    value = centres.get(day.weekday(), every)
    return Reference(value, value, value, min(night.n for night in found), spread), ""


def _values(nights: Sequence[Observation]) -> list[float]:
    return [night.value for night in nights if night.value is not None]
