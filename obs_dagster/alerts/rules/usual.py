"""What a metric usually is, from a subject's own nights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from statistics import median

from obs_dagster.alerts.rules.observation import Observation, Reference
from obs_dagster.metrics.usual import BAND_DAYS, band_of

USUAL_DAYS = 28
"""Days before a night of whose same weekday the median is what is usual; two of them are needed."""

Known = Mapping[dt.date, Observation]
"""The nights that have a value, by day."""


def usual(known: Known, day: dt.date) -> tuple[Reference | None, str]:
    """What the metric was on the same weekday of the weeks before a night, or why that is not known."""
    weeks = (day - dt.timedelta(days=back) for back in range(7, USUAL_DAYS + 1, 7))
    found = [known[each] for each in weeks if each in known]
    if len(found) < 2:  # noqa: PLR2004 - one day is no custom
        return None, "too few weeks to know what is usual"
    value = median(night.value for night in found if night.value is not None)
    return Reference(value, value, value, min(night.n for night in found)), ""


def band(known: Known, day: dt.date) -> tuple[Reference | None, str]:
    """What the metric usually is on a night's weekday, with the spread of nights around that, or why not."""
    before = (day - dt.timedelta(days=back) for back in range(1, BAND_DAYS + 1))
    found = [known[each] for each in before if each in known]
    usually = band_of([(night.day, night.value) for night in found if night.value is not None], day)
    if isinstance(usually, str):
        return None, usually
    value = usually.centre
    return Reference(value, value, value, min(night.n for night in found), usually.spread), ""
