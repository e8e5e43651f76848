"""Keeps what rules about the length of nights watch, and which programs the nights ran with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from obs_dagster.capacity.forecast import DAYS, Forecast, forecast
from obs_dagster.capacity.window import night_window
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.history import History
from obs_dagster.history.usage import NightUsage, read, record_programs
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.operation import AHEAD, NightsTaken
from obs_dagster.metrics.registry import family
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.telemetry.resources import programs


def record_capacity(monitor: Monitor, history: History, days: Sequence[dt.date], recorder: Recorder) -> None:
    """Keep the programs that the nights of days run with, and their metrics where a rule watches these.

    The night that runs is not over: the metric of a day is about the nights before it.

    Args:
        monitor: the monitor.
        history: the store.
        days: those that are evaluated.
        recorder: makes the records.

    Raises:
        HistoryError: the store cannot be used.
    """
    with history.writing(monitor.model) as connection:
        record_programs(connection, monitor.model, days, programs())
    known = family("operation")
    if not days or not any(part.metric in known for rule in monitor.alerts for part in rule.parts):
        return
    with history.reading() as connection:
        nights = read(connection, monitor.model, min(days) - dt.timedelta(days=DAYS), max(days))
    records = [
        record
        for day in days
        for record in recorder.records(
            evaluate("operation", _taken(monitor, [night for night in nights if night.day < day])),
            version=WHOLE,
            day=day,
            window=1,
        )
    ]
    history.replace_metrics(records, model=monitor.model, days=list(days), metrics=known)


def _taken(monitor: Monitor, nights: Sequence[NightUsage]) -> NightsTaken:
    found = forecast(nights, night_window(monitor))
    if not isinstance(found, Forecast):
        return NightsTaken(len(nights), reason=found)
    share, low, high = found.share_in(AHEAD)
    return NightsTaken(found.nights, share, low, high)
