"""Records that are kept no longer than a monitor says, or whose texts must not say any more what they did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, update

from obs_dagster.history.tables import METRIC_HISTORY, NIGHT_USAGE, OUTBOX


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


def changed_notifications(
    connection: Connection, model: str, rewritten: Callable[[Any], Any]
) -> dict[int, Any]:
    """The notifications of a model that would say something else, by number."""
    query = select(OUTBOX.c.id, OUTBOX.c.notification).where(OUTBOX.c.model == model)
    found = {number: (said, rewritten(said)) for number, said in connection.execute(query)}
    return {number: after for number, (before, after) in found.items() if after != before}


def rewrite_notifications(connection: Connection, model: str, rewritten: Callable[[Any], Any]) -> int:
    """Have them say it; returns how many."""
    changed = changed_notifications(connection, model, rewritten)
    for number, said in changed.items():
        connection.execute(update(OUTBOX).where(OUTBOX.c.id == number).values(notification=said))
    return len(changed)


def _old(model: str, before: dt.date) -> list[tuple[Table, ColumnElement[bool]]]:
    moment = dt.datetime.combine(before, dt.time(), dt.UTC)
    replaced, usage = METRIC_HISTORY.c, NIGHT_USAGE.c
    return [
        (METRIC_HISTORY, and_(replaced.model == model, replaced.superseded_at < moment)),
        (NIGHT_USAGE, and_(usage.model == model, usage.day < before)),
    ]
