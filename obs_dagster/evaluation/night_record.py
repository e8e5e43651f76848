"""The record of each night: what was evaluated, and if not, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from itertools import takewhile

from obs_dagster.evaluation.night import Night
from obs_dagster.history import History, NightRecord
from obs_dagster.quality.validated import DayQuality, day_quality
from obs_dagster.telemetry.traces import trace_id


def record_nights(night: Night, days: Collection[dt.date], history: History) -> None:
    """Write down what became of each day."""
    for day in sorted(days):
        quality = day_quality(night.monitor, day, night.lake)
        history.record_night(
            NightRecord(
                model=night.monitor.model,
                day=day,
                evaluated=quality is not None and quality.evaluated,
                reason="the rows were not validated" if quality is None else quality.reason,
                rows=0 if quality is None else quality.rows,
                versions=() if quality is None else tuple(sorted(quality.versions)),
                run_id=night.recorder.run_id,
                finished_at=night.recorder.now,
                trace_id=trace_id(),
            )
        )


def last_refused(days: Mapping[dt.date, DayQuality]) -> list[dt.date]:
    """The days after the last one that may be evaluated: what is known of them will not change any more."""
    ordered = sorted(days, reverse=True)
    return sorted(takewhile(lambda day: not days[day].evaluated, ordered))
