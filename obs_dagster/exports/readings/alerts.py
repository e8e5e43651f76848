"""Alerts: which fire, how many, since when, and the thresholds that rules hold values against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import get_args

from sqlalchemy import func, select

from obs_dagster.alerts.rules import alert as alerts
from obs_dagster.alerts.rules.fold import State
from obs_dagster.exports.moments import begin_of
from obs_dagster.exports.naming import scale_of
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.history.alert_tables import ALERT_EVENTS, ALERTS
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.escalation import Severity

_COUNT = Gauge("obs_alerts", "Alerts that are open, by severity and state.", ("model", "severity", "state"))
_SUBJECT = ("model", "rule", "version", "segment", "column")
_OPEN = Gauge(
    "obs_alert_state",
    "1 for each open alert; its labels say which, and whether it fires or is pending.",
    (*_SUBJECT, "severity", "state", "silenced", "acknowledged"),
)
_SINCE = Gauge(
    "obs_alert_since_timestamp_seconds",
    "The beginning of the first breaching night of an open alert.",
    _SUBJECT,
    "seconds",
)
_HELD = Gauge(
    "obs_alert_threshold",
    "What an open alert's value is held against, in the unit of the exported metric.",
    (*_SUBJECT, "metric", "window", "side"),
)
_RULE = Gauge(
    "obs_rule_threshold",
    "The threshold of a rule that names a number, in the unit of the exported metric.",
    ("model", "rule", "metric", "window", "side", "severity"),
)
_INCIDENTS = Gauge("obs_incidents_open", "Incidents of which an alert fires.", ("model",))
_EVENTS = Gauge(
    "obs_alert_events_total",
    "Events of alerts since the first night, by kind: that they fired or ended, and what people did.",
    ("model", "event"),
    "",
    "counter",
)


class Alerts:
    """How alerts stand now."""

    name = "alerts"

    def gauges(self) -> Iterable[Gauge]:
        """Counts, one for each open alert, thresholds."""
        return (_COUNT, _OPEN, _SINCE, _HELD, _RULE, _INCIDENTS, _EVENTS)

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """Those of every model; the counts also where they are 0."""
        found = alerts.read_of(seen.connection, ALERTS.c.state != State.RESOLVED.value)
        counted = Counter((each.model, each.severity, each.state.value) for each in found)
        incidents = {each.model: each.alerts.incidents for each in seen.fleet}
        for model in sorted({*incidents, *(each.model for each in found)}):
            for severity in get_args(Severity):
                for state in (State.FIRING.value, State.PENDING.value):
                    yield _COUNT.of(
                        counted[model, severity, state], model=model, severity=severity, state=state
                    )
            yield _INCIDENTS.of(incidents.get(model, 0), model=model)
        for each in found:
            yield from _of_alert(each, seen)
        for monitor in seen.monitors.values():
            yield from _of_rules(monitor)
        query = select(ALERT_EVENTS.c.model, ALERT_EVENTS.c.kind, func.count())
        for model, kind, number in seen.connection.execute(
            query.group_by(ALERT_EVENTS.c.model, ALERT_EVENTS.c.kind)
        ):
            yield _EVENTS.of(number, model=model, event=kind)


def _of_alert(each: alerts.Alert, seen: Seen) -> Iterator[Sample]:
    subject = {name: getattr(each, name) for name in _SUBJECT}
    how = {
        "severity": each.severity,
        "state": each.state.value,
        "silenced": str(each.silenced(seen.now)).lower(),
        "acknowledged": str(each.acknowledged_at is not None).lower(),
    }
    yield _OPEN.of(1, None, 1, **subject, **how)
    if (monitor := seen.monitors.get(each.model)) is not None:
        yield _SINCE.of(begin_of(each.since, monitor).timestamp(), None, 1, **subject)
    if each.metric:
        held = {"metric": each.metric, "window": str(each.window), "side": each.direction}
        yield _HELD.of(each.threshold * scale_of(each.metric), None, 1, **subject, **held)


def _of_rules(monitor: Monitor) -> Iterator[Sample]:
    for rule in monitor.alerts:
        for part in rule.parts:
            if part.threshold.of is None:
                yield _RULE.of(
                    part.threshold.number * scale_of(part.metric),
                    model=monitor.model,
                    rule=rule.name,
                    metric=part.metric,
                    window=str(part.window),
                    side=part.direction,
                    severity=rule.severity,
                )


READING = Alerts()
