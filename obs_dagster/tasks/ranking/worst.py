"""Which items were ranked most wrong: relevant ones far down."""

from __future__ import annotations

from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.worst import BESIDE, Wrong


def wrong(monitor: Monitor) -> Wrong | None:
    """How many items were above a relevant one in its request."""
    roles, ranking = monitor.logs.columns, monitor.ranking
    if not roles.request or not (roles.rank or roles.score):
        return None
    if roles.rank:
        place = f"CAST({identifier(roles.rank)} AS BIGINT) - {ranking.first_position} + 1"
    else:
        within = f"PARTITION BY {identifier(roles.version)}, {identifier(roles.request)}"
        place = f"rank() OVER ({within} ORDER BY {identifier(roles.score or '')} DESC NULLS LAST)"
    relevant = f"CAST({LABEL} AS DOUBLE) >= {ranking.relevant_from!r}"
    return Wrong(
        off=f"CASE WHEN {relevant} THEN CAST({BESIDE} AS DOUBLE) - 1 END",
        told=f"format('relevant, at place {{:,}}', {BESIDE})",
        needs=(roles.request, roles.rank or roles.score or ""),
        beside=place,
    )
