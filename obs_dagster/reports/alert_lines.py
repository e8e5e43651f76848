"""Alerts as a report of a day tells them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from obs_dagster.alerts.moved import Told, silent
from obs_dagster.alerts.rules import unevaluated
from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.metrics.registry import definitions
from obs_dagster.quality.refusal import in_one_line
from obs_dagster.verdict.inputs import AlertLine, NightLine


def _adds_up(metric: str) -> bool:
    known = definitions().get(metric)
    return known is not None and known.adds_up


def alert_lines(
    alerts: Iterable[Alert],
    records: Iterable[MetricRecord],
    day: dt.date,
    nights: Sequence[NightLine] = (),
    *,
    now: dt.datetime,
    why: Told = silent,
) -> list[AlertLine]:
    """The alerts as they stood after the night of `day`, with the values of that day where it has them.

    Those that were resolved by hand by then and are still in breach are among them. What people do about an
    alert is told as of `now`; of those that fire, `why` is told what a night has found.
    """
    refused = [night for night in nights if not night.evaluated and night.day <= day]
    values = {(*record.key[:5], record.window): record for record in records if record.day == day}
    lines = []
    for alert in alerts:
        over = alert.resolved_day is not None and alert.resolved_day <= day
        if alert.since > day or (over and not alert.lasts):
            continue
        fired = alert.fired_day is not None and alert.fired_day <= day
        key = (alert.model, alert.version, alert.segment, alert.column, alert.metric, alert.window)
        # what nights add up to is in the alert, not in a record
        at_day = values.get(key) if alert.last_day > day and not _adds_up(alert.metric) else None
        lines.append(
            AlertLine(
                id=alert.id,
                rule=alert.rule,
                severity=alert.severity,
                state="resolved" if over else "firing" if fired else "pending",
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
                note=in_one_line(refused[-1].reason)
                if refused and alert.rule == unevaluated.NAME
                else alert.note,
                handled=alert.handled(now),
                why=why(replace(alert, last_day=min(alert.last_day, day))) if fired and not over else "",
            )
        )
    return lines
