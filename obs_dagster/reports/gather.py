"""What the reports are made from, out of the history store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from obs_dagster.alerts.alert import Alert, list_alerts
from obs_dagster.history import History
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.model import Monitor
from obs_dagster.reports.health.page import HealthInput
from obs_dagster.reports.inputs import AlertLine, NightLine

TREND_DAYS = 60


def trend_records(monitor: Monitor, history: History, first: dt.date, last: dt.date) -> list[MetricRecord]:
    """The records of all rows that the trends of the days from `first` to `last` are drawn from."""
    return history.metrics(
        monitor.model, first=first - dt.timedelta(days=TREND_DAYS), last=last, segments=["*"]
    )


def gather(
    monitor: Monitor,
    history: History,
    day: dt.date,
    *,
    now: dt.datetime,
    run_id: str = "",
    trends: Sequence[MetricRecord] | None = None,
) -> HealthInput:
    """Everything that the health page of a day shows.

    Args:
        monitor: the monitor.
        history: the store.
        day: the reported day.
        now: the present (UTC).
        run_id: the run that evaluated the day.
        trends: what `trend_records` found for a range that holds the day; read for this day if left out.
    """
    if trends is None:
        trends = trend_records(monitor, history, day, day)
    first = day - dt.timedelta(days=TREND_DAYS)
    records = [record for record in trends if first <= record.day <= day]
    # segments are shown for the reported day, and for the days whose labels were still awaited
    wait = dt.timedelta(days=monitor.labels.max_delay_days if monitor.labels else 0)
    recent = history.metrics(monitor.model, first=day - wait, last=day)
    records += [record for record in recent if record.segment != "*"]
    return HealthInput(
        monitor=monitor,
        records=records,
        alerts=alert_lines(list_alerts(history, monitor.model), records, day),
        nights=night_lines(history, monitor, day),
        day=day,
        generated_at=now,
        run_id=run_id,
    )


def night_lines(history: History, monitor: Monitor, day: dt.date) -> list[NightLine]:
    """What became of the days up to `day`."""
    nights = history.nights(monitor.model, first=day - dt.timedelta(days=TREND_DAYS), last=day)
    return [
        NightLine(night.day, night.evaluated, night.reason, night.rows, night.versions) for night in nights
    ]


def alert_lines(alerts: Iterable[Alert], records: Iterable[MetricRecord], day: dt.date) -> list[AlertLine]:
    """The alerts as they stood after the night of `day`, with the values of that day where it has them."""
    values = {(*record.key[:5], record.window): record for record in records if record.day == day}
    lines = []
    for alert in alerts:
        if alert.since > day or (alert.resolved_day is not None and alert.resolved_day <= day):
            continue
        fired = alert.fired_day is not None and alert.fired_day <= day
        key = (alert.model, alert.version, alert.segment, alert.column, alert.metric, alert.window)
        at_day = values.get(key) if alert.last_day > day else None
        lines.append(
            AlertLine(
                id=alert.id,
                rule=alert.rule,
                severity=alert.severity,
                state="firing" if fired else "pending",
                version=alert.version,
                segment=alert.segment,
                column=alert.column,
                metric=alert.metric,
                value=at_day.value if at_day else alert.value,
                low=at_day.low if at_day else alert.low,
                high=at_day.high if at_day else alert.high,
                n=at_day.n if at_day else alert.n,
                threshold=alert.threshold,
                direction=alert.direction,
                since=alert.since,
                fired_day=alert.fired_day,
                nights=min(alert.nights, (day - alert.since).days + 1),
                owner=alert.owner,
                summary=alert.summary,
                window=alert.window,
                day=min(alert.last_day, day),
            )
        )
    return lines
