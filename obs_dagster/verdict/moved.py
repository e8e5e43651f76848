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
        alert.column: alert.window
        for alert in reversed(list(alerts))
        if alert.state == "firing" and alert.column and alert.segment == WHOLE
    }
    window = headline_window(monitor)
    ordered = [*reversed(subjects.items()), *((change.column, window) for change in changes.all)]
    found: dict[str, Change] = {}
    for column, length in ordered:
        change = None if column in found else changes.of(version, column, length)
        if change is not None:
            found[column] = change
    return tuple(found.values())
