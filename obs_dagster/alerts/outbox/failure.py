"""A night that did not finish is an alert of its own: nothing else would speak of that day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from obs_dagster.alerts.message import Message, harmless, laid_out, one_line, traced_by
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.history import History
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.secrets import scrub

_ERROR_LENGTH = 1_000
#: Ends the key of the notification of a run that failed as a whole.
_FAILED = ":failed"

FAILED_EVENT = "failed"
"""What the details of such a notification call it."""


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run that failed: of which days, when that was known, and why."""

    partition: str
    at: dt.datetime
    error: str


def report_failure(
    history: History,
    *,
    model: str,
    run_id: str,
    partition: str,
    error: str,
    owner: str,
    now: dt.datetime,
    part: str = "",
) -> bool:
    """Put the failure of a night's run, or of a part without which it went on, into the outbox, once per run.

    Args:
        history: the store.
        model: the model whose night failed.
        run_id: the run.
        partition: the day, or the range of days, as the run names it; empty if it names none.
        error: what went wrong, as the run said it.
        owner: who acts.
        now: the present (UTC).
        part: what failed, if the rest of the night did not.

    Returns:
        Whether the failure was not known yet.
    """
    day = harmless(partition) or "no day"
    lines = {
        "model": model,
        "day": day,
        "run": run_id,
        "error": one_line(scrub(error))[:_ERROR_LENGTH],
        "what to do": "Read the run's log in the Dagster UI, mend the cause and run the day again. "
        "What was evaluated before stays as it was.",
        "owner": one_line(owner),
        "again": _command(model, partition),
    }
    told = {name: text for name, text in lines.items() if text}
    message = Message(
        key=f"{run_id}{_FAILED}{f':{part}' if part else ''}",
        event="firing",
        severity="critical",
        title=f"[critical] {model}: {f'{part} in ' if part else ''}the night of {day} failed",
        body=laid_out(f"FAILED {part.upper() or 'NIGHT'}", told),
        facts=told,
        ends=not part and days_of(partition) is not None,
        details={
            "event": FAILED_EVENT,
            "severity": "critical",
            "model": model,
            "run_id": run_id,
            "partition": day,
            "error": lines["error"],
            "owner": owner,
            **traced_by(run_id),
        },
    )
    return enqueue_once(history, message, model=model, now=now)


def days_of(partition: str) -> tuple[dt.date, dt.date] | None:
    """The first and the last day that a run names; None if it names none.

    >>> days_of("2013-07-01 to 2013-07-03")
    (datetime.date(2013, 7, 1), datetime.date(2013, 7, 3))
    """
    first, _, last = partition.partition(" to ")
    try:
        return dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
    except ValueError:
        return None


def last_failure(history: History, model: str) -> FailedRun | None:
    """The run of a model that failed last; None if none ever did."""
    query = (
        select(OUTBOX.c.notification, OUTBOX.c.created_at)
        .where(OUTBOX.c.model == model, OUTBOX.c.key.endswith(_FAILED, autoescape=True))
        .order_by(OUTBOX.c.id.desc())
        .limit(1)
    )
    with history.reading() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _failed(row.notification, row.created_at)


def failures(connection: Connection, model: str, first: dt.date, last: dt.date) -> list[FailedRun]:
    """The runs of a model that failed and were about a day between two, both included; the oldest first."""
    query = (
        select(OUTBOX.c.notification, OUTBOX.c.created_at)
        .where(OUTBOX.c.model == model, OUTBOX.c.key.contains(_FAILED, autoescape=True))
        .order_by(OUTBOX.c.id)
    )
    found = [_failed(row.notification, row.created_at) for row in connection.execute(query)]
    return [
        each for each in found if (days := days_of(each.partition)) and days[0] <= last and first <= days[1]
    ]


def last_failures(connection: Connection) -> dict[str, FailedRun]:
    """The run that failed last, by model; models of which none ever did are left out."""
    failed = OUTBOX.c.key.endswith(_FAILED, autoescape=True)
    last = select(func.max(OUTBOX.c.id)).where(failed).group_by(OUTBOX.c.model)
    query = select(OUTBOX.c.model, OUTBOX.c.notification, OUTBOX.c.created_at).where(OUTBOX.c.id.in_(last))
    return {row.model: _failed(row.notification, row.created_at) for row in connection.execute(query)}


def _failed(notification: Mapping[str, Any], at: dt.datetime) -> FailedRun:
    details = notification["details"]
    # those of earlier versions had no error
    return FailedRun(details["partition"], at, details.get("error", notification["title"]))


def _command(model: str, partition: str) -> str:
    """What to type to run it again."""
    first, _, last = map(harmless, partition.partition(" to "))
    if not first:
        return ""
    return f"obs backfill {model} --from {first} --to {last}" if last else f"obs run {model} --day {first}"
