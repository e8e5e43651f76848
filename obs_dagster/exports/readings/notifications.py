"""The outbox: how much waits, since when, how much was ever told; and the heartbeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlalchemy import func, select

from obs_dagster.alerts.outbox.entries import undelivered
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.history.alert_tables import HEARTBEATS, OUTBOX

_WAITING = Gauge(
    "obs_undelivered_notifications",
    "Notifications that a channel has not taken yet, one for each channel.",
    ("model",),
)
_OLDEST = Gauge(
    "obs_oldest_undelivered_timestamp_seconds",
    "When the oldest notification was made that a channel has not taken yet.",
    ("model",),
    "seconds",
)
_MADE = Gauge(
    "obs_notifications_total",
    "Notifications that were ever put into the outbox.",
    ("model", "severity"),
    "",
    "counter",
)
_HEARTBEAT = Gauge(
    "obs_heartbeat_timestamp_seconds",
    "The end of the last night that a monitor's heartbeat was told of.",
    ("model",),
    "seconds",
)
_UNHEARD = Gauge(
    "obs_heartbeat_failed", "Whether the last call of a monitor's heartbeat failed: 1, or 0.", ("model",)
)


class Notifications:
    """What people were told, and what not yet."""

    name = "notifications"

    def gauges(self) -> Iterable[Gauge]:
        """Of the outbox and the heartbeats."""
        return (_WAITING, _OLDEST, _MADE, _HEARTBEAT, _UNHEARD)

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """Those of every model; how much waits also where nothing does."""
        waiting = undelivered(seen.history)
        counted = Counter(each.model for each in waiting)
        for model in sorted({*seen.monitors, *counted}):
            yield _WAITING.of(counted[model], model=model)
        for model in sorted(counted):
            oldest = min(each.created_at for each in waiting if each.model == model)
            yield _OLDEST.of(oldest.timestamp(), model=model)
        query = select(OUTBOX.c.model, OUTBOX.c.severity, func.count())
        for model, severity, number in seen.connection.execute(
            query.group_by(OUTBOX.c.model, OUTBOX.c.severity)
        ):
            yield _MADE.of(number, model=model, severity=severity)
        for row in seen.connection.execute(select(HEARTBEATS)):
            if row.told_at is not None:
                yield _HEARTBEAT.of(row.told_at.timestamp(), model=row.model)
            yield _UNHEARD.of(bool(row.last_error), model=row.model)


READING = Notifications()
