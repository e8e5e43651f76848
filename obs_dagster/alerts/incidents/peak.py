"""How far beyond its threshold an alert surely was: what a farther threshold would have been cleared by."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.history.tables import METRICS


def peak(connection: Connection, alert: Alert) -> float | None:
    """The farthest end on the wrong side, the nearer one of the interval, of any night of an alert.

    Of a night without an interval the value counts. None if nothing is known of its nights.
    """
    columns = METRICS.c
    above = alert.direction == "above"
    nearer = func.coalesce(columns.low if above else columns.high, columns.value)
    query = select((func.max if above else func.min)(nearer)).where(
        columns.model == alert.model,
        columns.day.between(alert.since, alert.end),
        columns.metric == alert.metric,
        columns.window == alert.window,
        columns.version == alert.version,
        columns.segment == alert.segment,
        columns.column == alert.column,
    )
    return connection.execute(query).scalar()


def between(nothing: list[tuple[Alert, float]], real: list[tuple[Alert, float]]) -> str:
    """A threshold that only what was real cleared, as a rule has it; empty if there is none.

    Args:
        nothing: alerts of one rule that were for nothing, with their peaks.
        real: those that were not.
    """
    held = {(alert.direction, alert.threshold) for alert, _ in (*nothing, *real)}
    if len(held) != 1 or not (nothing and real):
        # a part of another value differs from alert to alert
        return ""
    [(direction, _)] = held
    sign = 1 if direction == "above" else -1
    farthest = max(sign * value for _, value in nothing)
    nearest = min(sign * value for _, value in real)
    tried = float(f"{(farthest + nearest) / 2:.3g}")
    return f"{direction}: {sign * tried:g}" if farthest < tried < nearest else ""
