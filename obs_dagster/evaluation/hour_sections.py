"""What people see of a day's requests by the hour, where the monitor has objectives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from obs_dagster.evaluation.hours import hours_of_day
from obs_dagster.evaluation.night import Night
from obs_dagster.metrics.intervals import wilson
from obs_dagster.metrics.service.hours import LEAST_REQUESTS, OBJECTIVES, Hours, Objective
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.sections import Curve, CurvePoint, Section

_TITLES = {
    "availability": "Requests that failed, by the hour",
    "latency": "Requests that were slow, by the hour",
}


def hour_sections(night: Night, day: dt.date) -> dict[str, tuple[Section, ...]]:
    """By version, the share of bad requests of each hour of a day; of versions that have requests."""
    monitor = night.monitor
    if monitor.objectives is None:
        return {}
    return {
        version: tuple(_sections(monitor, hours))
        for version, hours in hours_of_day(monitor, day, night.lake).items()
        if hours.requests[-hours.last :].any()
    }


def _sections(monitor: Monitor, hours: Hours) -> Iterator[Section]:
    for objective in OBJECTIVES:
        target = objective.target_of(hours)
        if target is not None:
            yield Curve(
                title=_TITLES[objective.name],
                x="hour of the day",
                y="%",
                points=list(_points(objective, hours)),
                note=_promise(monitor, objective.name, 1 - target),
                empty=objective.tally(hours).unknown.capitalize() + ".",
            )


def _promise(monitor: Monitor, name: str, allowed: float) -> str:
    promised = monitor.objectives
    slower = ""
    if name == "latency" and promised is not None and promised.latency is not None:
        slower = f"{promised.latency.under_ms:g} ms or more; "
    return f"{slower}{100 * allowed:.3g} % may be"


def _points(objective: Objective, hours: Hours) -> Iterator[CurvePoint]:
    tally = objective.tally(hours)
    parts = (each[-hours.last :].tolist() for each in (tally.bad, tally.judged))
    for hour, (bad, judged) in enumerate(zip(*parts, strict=True)):
        if judged:
            point = CurvePoint(float(hour), 100 * bad / judged, n=judged)
            # what few requests leave open is all of the chart
            if judged >= LEAST_REQUESTS:
                low, high = wilson(bad, judged)
                point = replace(point, low=100 * low, high=100 * high)
            yield point
