"""Which of the many numbers of a night are shown first: the window, and the last day with complete labels."""

from __future__ import annotations

import datetime as dt

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor.model import Monitor

WEEK = 7


def needs_labels(metric: str) -> bool:
    """Whether labels decide the metric: its value for a day changes until the wait for its labels is over."""
    known = definitions().get(metric)
    return known is not None and known.needs_labels


def tells_movement(metric: str) -> bool:
    """Whether the metric says that something moved, not that something is wrong."""
    known = definitions().get(metric)
    return known is not None and known.tells_movement


def tells_in_words(metric: str) -> bool:
    """Whether records of the metric say beside a value which groups, or which version, it is about."""
    known = definitions().get(metric)
    return known is not None and known.tells_in_words


def of_champion(metric: str) -> bool:
    """Whether the metric holds a version against its champion."""
    known = definitions().get(metric)
    return known is not None and known.family == "champion"


def headline_window(monitor: Monitor) -> int:
    """The window that is shown first: a week, or the longest window below it, or the shortest there is."""
    within = [window for window in monitor.windows if window <= WEEK]
    return max(within, default=min(monitor.windows))


def charted_window(monitor: Monitor, drawn: Definition) -> int:
    """The window over which a chart draws a metric: a day, where single days tell more than their means."""
    daily = drawn.about == "model" and not drawn.needs_labels
    return 1 if daily and 1 in monitor.windows else headline_window(monitor)


def settled_through(monitor: Monitor, day: dt.date) -> dt.date | None:
    """The last day whose labels are waited for no longer once `day` has passed; None without labels."""
    if monitor.labels is None:
        return None
    return day - dt.timedelta(days=monitor.labels.max_delay_days)


def awaits_labels(monitor: Monitor, metric: str, day: dt.date, reported: dt.date) -> bool:
    """Whether a value of `day` may still change with labels that come after the night of `reported`."""
    settled = settled_through(monitor, reported)
    return needs_labels(metric) and settled is not None and day > settled
