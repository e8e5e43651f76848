"""What people are told of alerts, as events of the log."""

from __future__ import annotations

from collections.abc import Iterable

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.alert import Event as Change
from obs_dagster.telemetry.event import Event

_KEYS = {
    "alert_id": "the alert",
    "incident_id": "the incident that it belongs to",
    "rule": "the rule",
    "version": "the version of the model",
    "segment": "the segment, `*` for all rows",
    "column": "the column, empty where it is about none",
    "severity": "`info`, `warning` or `critical`",
    "value": "the value that was seen last",
    "threshold": "the threshold",
    "last_day": "the day of that value",
}

_FIRES = Event(
    "obs_dagster.alerts",
    "alert fires",
    "warning",
    "An alert has begun to fire, or has become graver. Its notification waits in the outbox.",
    _KEYS,
)

_ENDS = Event("obs_dagster.alerts", "alert ends", "info", "An alert that people were told of is over.", _KEYS)


def log_told(told: Iterable[tuple[Alert, Change | None]]) -> None:
    """Tell the log of what people will be told, once that is stored."""
    for alert, change in told:
        if change == "firing":
            _FIRES(**_about(alert))
        elif change == "resolved":
            _ENDS(**_about(alert))


def _about(alert: Alert) -> dict[str, object]:
    return {
        "alert_id": alert.id,
        "incident_id": alert.incident_id,
        "rule": alert.rule,
        "version": alert.version,
        "segment": alert.segment,
        "column": alert.column,
        "severity": alert.severity,
        "value": alert.value,
        "threshold": alert.threshold,
        "last_day": alert.last_day.isoformat(),
    }
