"""Monitor files that cannot be used: their nights do not run, and nobody else would say so."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection

from sqlalchemy import select

from obs_dagster.alerts.message import Message, laid_out, one_line
from obs_dagster.alerts.outbox.entries import enqueue_once
from obs_dagster.alerts.outbox.episode import OVER, last_told
from obs_dagster.history import History
from obs_dagster.history.alert_tables import OUTBOX
from obs_dagster.monitor.loading import Faulty

_UNUSABLE = ":monitor:"


def report_unusable(
    history: History, faulty: Collection[Faulty], usable: Collection[str], now: dt.datetime
) -> list[str]:
    """Put into the outbox that monitors cannot be used, once for the same mistakes, and that they can again.

    Args:
        history: the store.
        faulty: the files that are wrong.
        usable: the models whose monitors are right.
        now: the present, with its time zone.

    Returns:
        The models of which there is something new to tell.
    """
    new = [each.model for each in faulty if _tell(history, each, now)]
    return new + [model for model in _mended(history, usable) if _tell_over(history, model, now)]


def _mended(history: History, usable: Collection[str]) -> list[str]:
    """The models whose monitor is right, and of which people were told once that it was not."""
    with history.reading() as connection:
        about = select(OUTBOX.c.model).where(OUTBOX.c.key.contains(_UNUSABLE, autoescape=True)).distinct()
        told = set(connection.execute(about).scalars())
    return sorted(told & set(usable))


def _tell(history: History, faulty: Faulty, now: dt.datetime) -> bool:
    model = one_line(faulty.model)
    with history.reading() as connection:
        before = last_told(connection, model, _UNUSABLE)
    mistakes = "\n".join(sorted(str(problem) for problem in faulty.problems))
    digest = hashlib.sha256(mistakes.encode()).hexdigest()[:12]
    if before.key.endswith(f":{digest}"):
        return False
    facts = {
        "model": model,
        "why": one_line(faulty.why),
        "what it means": "Its nights don't run, and nothing is known of it, until this is mended. All other "
        "models go on.",
        "look": "obs check",
    }
    return enqueue_once(
        history,
        Message(
            key=f"{model}{_UNUSABLE}{now:%Y-%m-%dT%H:%M:%S}:{digest}",
            event="firing",
            severity="critical",
            title=f"[critical] {model}: its monitor CANNOT BE USED",
            body=laid_out("MONITOR IS WRONG (critical)", facts),
            thread=before.thread,
            facts=facts,
            details={"event": "unusable", "severity": "critical", "model": model},
        ),
        model=model,
        now=now,
    )


def _tell_over(history: History, model: str, now: dt.datetime) -> bool:
    with history.reading() as connection:
        before = last_told(connection, model, _UNUSABLE)
    if not before.key:
        return False
    facts = {"model": model, "what it means": "Its nights run again; those that were missed are to be run."}
    return enqueue_once(
        history,
        Message(
            key=f"{before.key}{OVER}",
            event="resolved",
            severity="critical",
            title=f"[resolved] {model}: its monitor can be used again",
            body=laid_out("RESOLVED (critical)", facts),
            thread=before.thread,
            facts=facts,
            details={"event": "resolved", "severity": "critical", "model": model},
        ),
        model=model,
        now=now,
    )
