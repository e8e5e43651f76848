"""Records that are kept no longer than a monitor says."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select

from obs_dagster.history.tables import METRIC_HISTORY, NIGHT_USAGE


def old(connection: Connection, model: str, before: dt.date) -> int:
    """How many there are from before a day."""
    return sum(
        connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()
        for table, which in _old(model, before)
    )


def remove_old(connection: Connection, model: str, before: dt.date) -> int:
    """Remove them; returns how many."""
    return sum(
        connection.execute(delete(table).where(which)).rowcount for table, which in _old(model, before)
    )


def _old(model: str, before: dt.date) -> list[tuple[Table, ColumnElement[bool]]]:
    moment = dt.datetime.combine(before, dt.time(), dt.UTC)
    replaced, usage = METRIC_HISTORY.c, NIGHT_USAGE.c
    return [
        (METRIC_HISTORY, and_(replaced.model == model, replaced.superseded_at < moment)),
        (NIGHT_USAGE, and_(usage.model == model, usage.day < before)),
    ]
