"""The end of what was told of a run that failed: its days have run since."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, func, select

from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.alerts.outbox.failure import FAILED_EVENT, days_of
from obs_dagster.alerts.outbox.unended import Told, end_of, unended
from obs_dagster.history import History
from obs_dagster.history.tables import NIGHTS


def report_mended(history: History, now: dt.datetime) -> int:
    """Put the end of each failed run into the outbox whose days have all run since.

    Returns:
        How many ends are told now.
    """
    with history.reading() as connection:
        over = [each for each in unended(connection, FAILED_EVENT, now) if _ran_since(connection, each)]
    ends = [(end_of(each.message, _title(each)), each.model) for each in over]
    return sum(enqueue_once(history, end, model=model, now=now) for end, model in ends)


def _ran_since(connection: Connection, failed: Told) -> bool:
    """Whether each day of a run that failed has run since."""
    days = days_of(failed.message.details["partition"])
    if days is None:
        return False
    first, last = days
    ran = select(func.count()).where(
        NIGHTS.c.model == failed.model, NIGHTS.c.day.between(first, last), NIGHTS.c.finished_at > failed.at
    )
    return connection.execute(ran).scalar_one() == (last - first).days + 1


def _title(failed: Told) -> str:
    return f"{failed.model}: {failed.message.details['partition']} has run since"
