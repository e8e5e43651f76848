"""Nights that did not run: nothing else would speak of them, since nobody looks at what is not there."""

from __future__ import annotations

import datetime as dt

from obs_dagster.alerts.message import Message, laid_out, one_line
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.alerts.outbox.episode import OVER, last_told
from obs_dagster.history import History, nights
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.due import due_day, scheduled_after

_MISSED = ":missed:"


def report_missed(history: History, monitor: Monitor, now: dt.datetime) -> bool:
    """Put into the outbox that nights of a model are overdue, once, and that they are no more.

    Of a model that never had a night nobody is told: it is being set up. Of nights that are overdue since one
    day people are told once, however many they become.

    Args:
        history: the store.
        monitor: the monitor, whose schedule says which nights there are to be.
        now: the present, with its time zone.

    Returns:
        Whether there is something new to tell.
    """
    with history.reading() as connection:
        last = nights.latest(connection, monitor.model)
        told = last_told(connection, monitor.model, _MISSED).key
    if last is None:
        return False
    due = due_day(monitor, now)
    missing = scheduled_after(monitor, last, due) if due is not None else []
    if told and not missing:
        return enqueue_once(history, _over(monitor, told, last), model=monitor.model, now=now)
    if not missing:
        return False
    return enqueue_once(history, _missed(monitor, last, missing), model=monitor.model, now=now)


def _missed(monitor: Monitor, last: dt.date, missing: list[dt.date]) -> Message:
    model, first, until = monitor.model, missing[0], missing[-1]
    days = f"{first}" if first == until else f"{first} to {until}"
    facts = {
        "model": model,
        "missing": f"{days}, {len(missing)} by its schedule",
        "last night": f"{last}",
        "what to do": "See whether Dagster's daemon runs and the schedule is on. "
        "Nothing is known of these days.",
        "owner": one_line(monitor.owner),
        "look": "obs doctor",
        "again": f"obs backfill {model} --from {first} --to {until}",
    }
    told = {name: text for name, text in facts.items() if text}
    count = "a night has" if len(missing) == 1 else f"{len(missing)} nights have"
    return Message(
        key=f"{model}{_MISSED}{last}",
        event="firing",
        severity="critical",
        title=f"[critical] {model}: {count} NOT RUN, {days}",
        body=laid_out("NIGHT NOT RUN (critical)", told),
        facts=told,
        details={
            "event": "missed",
            "severity": "critical",
            "model": model,
            "since": first.isoformat(),
            "day": until.isoformat(),
            "owner": monitor.owner,
        },
    )


def _over(monitor: Monitor, key: str, last: dt.date) -> Message:
    facts = {"model": monitor.model, "last night": f"{last}", "owner": one_line(monitor.owner)}
    told = {name: text for name, text in facts.items() if text}
    return Message(
        key=f"{key}{OVER}",
        event="resolved",
        severity="critical",
        title=f"[resolved] {monitor.model}: nights run again, the last one is that of {last}",
        body=laid_out("RESOLVED (critical)", told),
        thread=key,
        facts=told,
        details={
            "event": "resolved",
            "severity": "critical",
            "model": monitor.model,
            "day": last.isoformat(),
        },
    )
