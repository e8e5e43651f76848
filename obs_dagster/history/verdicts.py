"""Verdicts: what was said of each version after each night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, delete, func, insert, select

from obs_dagster.history.names import storable, storable_text
from obs_dagster.history.tables import VERDICTS


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """What was said of a version after the night of a day.

    Attributes:
        status: `failing`, `moved`, `sound` or `unknown`.
        sentence: why, without version and status.
    """

    model: str
    version: str
    day: dt.date
    status: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The last verdict of a version, and the first of the days in a row that had this status."""

    verdict: VerdictRecord
    since: dt.date


def record(connection: Connection, model: str, day: dt.date, verdicts: Iterable[VerdictRecord]) -> None:
    """Put the verdicts of a day in the place of those that an earlier evaluation of it had."""
    connection.execute(delete(VERDICTS).where(VERDICTS.c.model == model, VERDICTS.c.day == day))
    rows = [
        asdict(each) | {"version": storable(each.version), "sentence": storable_text(each.sentence)}
        for each in verdicts
    ]
    if rows:
        connection.execute(insert(VERDICTS), rows)


def latest(connection: Connection) -> list[LastVerdict]:
    """The verdicts of the last day of every model that has any, by model and version."""
    newest = select(VERDICTS.c.model, func.max(VERDICTS.c.day).label("day")).group_by(VERDICTS.c.model)
    last = newest.subquery()
    other, same = VERDICTS.alias(), VERDICTS.alias()
    ended = (
        select(func.max(other.c.day))
        .where(
            other.c.model == VERDICTS.c.model,
            other.c.version == VERDICTS.c.version,
            other.c.status != VERDICTS.c.status,
            other.c.day < VERDICTS.c.day,
        )
        .correlate(VERDICTS)
        .scalar_subquery()
    )
    since = (
        select(func.min(same.c.day))
        .where(
            same.c.model == VERDICTS.c.model,
            same.c.version == VERDICTS.c.version,
            same.c.day > func.coalesce(ended, dt.date.min),
        )
        .correlate(VERDICTS)
        .scalar_subquery()
    )
    query = (
        select(VERDICTS, since.label("since"))
        .join(last, and_(VERDICTS.c.model == last.c.model, VERDICTS.c.day == last.c.day))
        .order_by(VERDICTS.c.model, VERDICTS.c.version)
    )
    return [LastVerdict(VerdictRecord(*row[:5]), row.since) for row in connection.execute(query)]
