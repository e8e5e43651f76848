"""Records that are kept no longer than a monitor says, or whose texts must not say any more what they did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Table, Text, and_, delete, func, select, update

from obs_dagster.history.alert_tables import ALERT_EVENTS, ALERTS, INCIDENTS, OUTBOX
from obs_dagster.history.tables import KEY, METRIC_HISTORY, NIGHT_USAGE, NIGHTS, VERDICTS

#: What says something in words of people, or quotes a value.
_SAYING = (NIGHTS, VERDICTS, ALERTS, ALERT_EVENTS, INCIDENTS, OUTBOX)


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


def rewrite_texts(
    connection: Connection, model: str, rewritten: Callable[[Any], Any], *, dry_run: bool = False
) -> int:
    """Have what is said of a model say something else; returns how many rows are others.

    That is all texts of people and messages: of metrics there is none, and what names things stays.

    Args:
        connection: the store.
        model: the model.
        rewritten: makes the new text, or plain data, of what there is.
        dry_run: whether nothing is changed.
    """
    return sum(_rewrite(connection, table, model, rewritten, dry_run=dry_run) for table in _SAYING)


def _rewrite(
    connection: Connection, table: Table, model: str, rewritten: Callable[[Any], Any], *, dry_run: bool
) -> int:
    said = [each for each in table.c if isinstance(each.type, Text | JSON) and each.name not in KEY]
    keys = list(table.primary_key.columns)
    query = select(*keys, *(each for each in said if each not in keys)).where(table.c.model == model)
    others = 0
    for row in connection.execute(query).all():
        before = {each.name: row._mapping[each] for each in said if each not in keys}  # noqa: SLF001  SQLAlchemy's public name
        after = {name: None if value is None else rewritten(value) for name, value in before.items()}
        if after != before:
            others += 1
            if not dry_run:
                which = and_(*(each == row._mapping[each] for each in keys))  # noqa: SLF001  as above
                connection.execute(update(table).where(which).values(after))
    return others


def _old(model: str, before: dt.date) -> list[tuple[Table, ColumnElement[bool]]]:
    moment = dt.datetime.combine(before, dt.time(), dt.UTC)
    replaced, usage = METRIC_HISTORY.c, NIGHT_USAGE.c
    return [
        (METRIC_HISTORY, and_(replaced.model == model, replaced.superseded_at < moment)),
        (NIGHT_USAGE, and_(usage.model == model, usage.day < before)),
    ]
