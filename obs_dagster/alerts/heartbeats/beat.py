"""Tell who watches from outside of each model's last night, once, however often it is looked.

What was told is in the store: a night that ran while nobody could be told is told of later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from obs_dagster import secrets
from obs_dagster.alerts.heartbeats.night import Night
from obs_dagster.alerts.heartbeats.registry import tell
from obs_dagster.alerts.message import one_line
from obs_dagster.alerts.outbox.failure import FailedRun, last_failures
from obs_dagster.alerts.outbox.scrub import scrub
from obs_dagster.errors import ObsError
from obs_dagster.history import History
from obs_dagster.history.alert_tables import HEARTBEATS
from obs_dagster.history.tables import NIGHTS
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.secret_url import label_of, resolved

AGAIN = dt.timedelta(minutes=2)
"""How long a service that could not be told is left alone."""

_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Beat:
    """What became of a call.

    Attributes:
        model: the model whose night it tells of.
        label: the service, without secrets.
        error: why it was not told, without secrets; empty if it was.
    """

    model: str
    label: str
    error: str


def beat(
    history: History,
    monitors: Iterable[Monitor],
    *,
    environ: Mapping[str, str],
    now: dt.datetime,
    teller: Callable[[str, Night], None] = tell,
) -> list[Beat]:
    """Tell of each last night that nobody was told of.

    One service that does not answer is called once at a time, so that a dead one costs one time-out.

    Args:
        history: the store.
        monitors: the monitors; those without a heartbeat are left out.
        environ: the environment variables that fill the secrets into the URLs.
        now: the present (UTC).
        teller: tells a URL of a night, or raises.
    """
    watched = {monitor.model: monitor for monitor in monitors if monitor.heartbeat}
    if not watched:
        return []
    with history.reading() as connection:
        due = list(_due(connection, watched, now))
    done: list[Beat] = []
    for night in due:
        url = watched[night.model].heartbeat
        label = label_of(url)
        if any(each.error and each.label == label for each in done):
            continue
        error = _told(url, night, environ, teller)
        done.append(Beat(night.model, label, error))
        with history.writing("heartbeats") as connection:
            known = _row(connection, night.model)
            told_at = (known.told_at if known else None) if error else night.at
            row = {"told_at": told_at, "next_attempt_at": now + AGAIN, "last_error": error}
            connection.execute(delete(HEARTBEATS).where(HEARTBEATS.c.model == night.model))
            connection.execute(insert(HEARTBEATS).values(model=night.model, **row))
    return done


def unheard(history: History) -> dict[str, str]:
    """Why the last call failed, by model; those whose last one did not are left out."""
    query = select(HEARTBEATS.c.model, HEARTBEATS.c.last_error).where(HEARTBEATS.c.last_error != "")
    with history.reading() as connection:
        return {row.model: row.last_error for row in connection.execute(query)}


def _due(connection: Connection, watched: Mapping[str, Monitor], now: dt.datetime) -> Iterator[Night]:
    failures = last_failures(connection)
    for model, monitor in watched.items():
        night = _last(connection, monitor, failures.get(model))
        known = _row(connection, model)
        if night is None or (known and known.told_at and known.told_at >= night.at):
            continue
        if known is None or known.next_attempt_at <= now or not known.last_error:
            yield night


def _last(connection: Connection, monitor: Monitor, failed: FailedRun | None) -> Night | None:
    """How the night of the latest day ended; None if none ran. Older days that are run again don't count."""
    query = select(NIGHTS).where(NIGHTS.c.model == monitor.model).order_by(NIGHTS.c.day.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    due = (monitor.schedule, monitor.time_zone)
    if failed is not None:
        late = row is not None and (failed.at <= row.finished_at or _last_day(failed) < str(row.day))
        if not late:
            told = f"{failed.partition} failed: {one_line(failed.error)}"
            return Night(monitor.model, failed.at, told[:_ERROR_LENGTH], *due, failed=True)
    if row is None:
        return None
    told = (
        f"{row.day}, {row.rows:,} rows"
        if row.evaluated
        else f"{row.day} not evaluated: {one_line(row.reason)}"
    )
    return Night(monitor.model, row.finished_at, told[:_ERROR_LENGTH], *due)


def _last_day(failed: FailedRun) -> str:
    """The last day of a run that failed; of one that names none, as if it were after all."""
    last = failed.partition.rpartition(" to ")[2]
    return last if last[:1].isdigit() else "9999"


def _row(connection: Connection, model: str) -> Row[Any] | None:
    """What the store knows of a model's heartbeat."""
    return connection.execute(select(HEARTBEATS).where(HEARTBEATS.c.model == model)).one_or_none()


def _told(url: str, night: Night, environ: Mapping[str, str], teller: Callable[[str, Night], None]) -> str:
    """Why the service was not told; empty if it was."""
    try:
        full = resolved(url, environ)
    except ObsError as error:
        return str(error)
    try:
        teller(full, night)
    except Exception as error:  # noqa: BLE001  # whatever breaks in one service must not stop the others
        reason = str(error) or type(error).__name__
        return secrets.scrub(scrub(one_line(reason), full, label_of(url)))[:_ERROR_LENGTH]
    return ""
