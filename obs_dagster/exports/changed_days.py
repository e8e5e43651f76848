"""Which days of which models have changed since a place was told of them, and the samples of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from obs_dagster.exports.collect import bounded
from obs_dagster.exports.moments import end_of
from obs_dagster.exports.readings.metrics import samples_of
from obs_dagster.exports.sample import Sample
from obs_dagster.history import History
from obs_dagster.metrics.record import BASELINE
from obs_dagster.monitor import Monitor

DAYS = 90
"""So many days up to the last night are looked at; what changes before them is in the store only."""


@dataclass(frozen=True, slots=True)
class ChangedDay:
    """A day of a model, and the stamp of its records."""

    monitor: Monitor
    day: dt.date
    stamp: str


def changed_days(
    history: History, monitors: Mapping[str, Monitor], known: Mapping[str, Mapping[str, str]]
) -> list[ChangedDay]:
    """The days whose records are not those that were told, the earliest first.

    Args:
        history: the store.
        monitors: the models.
        known: by model and day, the stamp of what was told.
    """
    found: list[ChangedDay] = []
    for model, monitor in monitors.items():
        stamps = history.stamps(model)
        first = max(stamps, default=dt.date.min) - dt.timedelta(days=DAYS) if stamps else dt.date.min
        told = known.get(model, {})
        found += [
            ChangedDay(monitor, day, stamp)
            for day, stamp in stamps.items()
            if day >= first and told.get(day.isoformat()) != stamp
        ]
    return sorted(found, key=lambda each: (each.day, each.monitor.model))


def samples_of_day(history: History, monitor: Monitor, day: dt.date, series: int) -> Iterator[Sample]:
    """The samples of a day, at its end, no more than `series`: its values as they are known by now."""
    records = [each for each in history.metrics(monitor.model, days=[day]) if each.window != BASELINE]
    at = end_of(day, monitor)
    return (each for each in bounded(list(samples_of(records, monitor)), series) if each.at == at)


def with_days(
    known: Mapping[str, Mapping[str, str]], told: Iterable[ChangedDay]
) -> dict[str, dict[str, str]]:
    """What was told of days, with these; those that nobody looks at any more are forgotten."""
    found = {model: dict(days) for model, days in known.items()}
    for each in told:
        found.setdefault(each.monitor.model, {})[each.day.isoformat()] = each.stamp
    for model, days in found.items():
        first = dt.date.fromisoformat(max(days, default="9999-12-31")) - dt.timedelta(days=DAYS)
        found[model] = {day: stamp for day, stamp in days.items() if day >= first.isoformat()}
    return found
