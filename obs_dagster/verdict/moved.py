"""Which of the columns that moved a verdict tells, in the values' own terms."""

from __future__ import annotations

from collections.abc import Iterable

from obs_dagster.changes.change import Change, Changes
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.headline import headline_window
from obs_dagster.verdict.inputs import AlertLine


def moved_columns(
    changes: Changes, monitor: Monitor, alerts: Iterable[AlertLine], version: str
) -> tuple[Change, ...]:
    """The changes of a version: those that alerts fire for first, then those of the headline window.

    Args:
        changes: what moved on the night.
        monitor: the monitor.
        alerts: those about the version, the gravest first.
        version: the version.
    """
    subjects = {
        (alert.column, alert.segment): alert.window
        for alert in reversed(list(alerts))
        if alert.state == "firing" and alert.column
    }
    window = headline_window(monitor)
    ordered = [*reversed(subjects.items()), *(((each.column, WHOLE), window) for each in changes.all)]
    found: dict[tuple[str, str], Change] = {}
    for (column, segment), length in ordered:
        known = (column, segment) in found
        change = None if known else changes.of(version, column, length, segment)
        if change is not None:
            found[column, segment] = change
    return tuple(found.values())
