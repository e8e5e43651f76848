"""The record of each night: what was evaluated, and if not, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import takewhile

from obs_dagster.history import History, Night
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import DayQuality, day_quality


def record_nights(
    monitor: Monitor,
    days: Collection[dt.date],
    lake: Lake,
    history: History,
    *,
    now: dt.datetime,
    run_id: str,
) -> None:
    """Write down what became of each day."""
    for day in sorted(days):
        quality = day_quality(monitor, day, lake)
        history.record_night(
            Night(
                model=monitor.model,
                day=day,
                evaluated=quality is not None and quality.evaluated,
                reason="the rows were not validated" if quality is None else quality.reason,
                rows=0 if quality is None else quality.rows,
                versions=() if quality is None else tuple(sorted(quality.versions)),
                run_id=run_id,
                finished_at=now,
            )
        )


def last_refused(days: Mapping[dt.date, DayQuality]) -> list[dt.date]:
    """The days after the last one that may be evaluated: what is known of them will not change any more."""
    ordered = sorted(days, reverse=True)
    return sorted(takewhile(lambda day: not days[day].evaluated, ordered))
