"""Nights: when each day of a model was last evaluated, and what came of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, delete, func, insert, select

from obs_dagster.history.names import storable, storable_text
from obs_dagster.history.tables import NIGHTS


@dataclass(frozen=True, slots=True)
class NightRecord:
    """The latest evaluation of one day.

    Attributes:
        evaluated: whether metrics were computed.
        reason: why not: a line for what is wrong, and where it is known one for its cause; empty if they
            were.
        rows: predictions logged on the day.
        versions: the versions seen in the log.
        run_id: the run that did it.
        finished_at: when (UTC).
        trace_id: the trace of the run; empty if none was kept.
    """

    model: str
    day: dt.date
    evaluated: bool
    reason: str
    rows: int
    versions: tuple[str, ...]
    run_id: str
    finished_at: dt.datetime
    trace_id: str = ""


def record(connection: Connection, night: NightRecord) -> None:
    """Put the night in the place of an earlier evaluation of the same day."""
    same = (NIGHTS.c.model == night.model) & (NIGHTS.c.day == night.day)
    connection.execute(delete(NIGHTS).where(same))
    values = asdict(night)
    values["reason"] = storable_text(night.reason)
    values["versions"] = [storable(version) for version in night.versions]
    connection.execute(insert(NIGHTS).values(values))


def read(
    connection: Connection, model: str, first: dt.date | None = None, last: dt.date | None = None
) -> list[NightRecord]:
    """The nights of a model between two days, both included, by day."""
    query = select(NIGHTS).where(NIGHTS.c.model == model).order_by(NIGHTS.c.day)
    if first is not None:
        query = query.where(NIGHTS.c.day >= first)
    if last is not None:
        query = query.where(NIGHTS.c.day <= last)
    rows = connection.execute(query).mappings()
    return [NightRecord(**{**row, "versions": tuple(row["versions"])}) for row in rows]


def latest(connection: Connection, model: str) -> dt.date | None:
    """The last day that was run, whatever came of it; None if there is none."""
    return connection.execute(select(func.max(NIGHTS.c.day)).where(NIGHTS.c.model == model)).scalar()


def evaluated_range(connection: Connection, model: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day that was evaluated; None if none was."""
    query = select(func.min(NIGHTS.c.day), func.max(NIGHTS.c.day))
    first, last = connection.execute(query.where(NIGHTS.c.model == model, NIGHTS.c.evaluated)).one()
    return None if first is None else (first, last)


def latest_of_all(connection: Connection) -> dict[str, NightRecord]:
    """The night of the last day of every model, by model."""
    newest = select(NIGHTS.c.model, func.max(NIGHTS.c.day).label("day")).group_by(NIGHTS.c.model).subquery()
    query = select(NIGHTS).join(newest, and_(NIGHTS.c.model == newest.c.model, NIGHTS.c.day == newest.c.day))
    rows = connection.execute(query).mappings()
    return {row["model"]: NightRecord(**{**row, "versions": tuple(row["versions"])}) for row in rows}
