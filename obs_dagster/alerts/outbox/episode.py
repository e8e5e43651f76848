"""What people are told once when it begins, and once when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from obs_dagster.history.alert_tables import OUTBOX

OVER = ":over"
"""Ends the key of the message that something is over; before it stands the key of the one that it began."""


@dataclass(frozen=True, slots=True)
class Told:
    """A message that something began.

    Attributes:
        key: its key; empty if there is none.
        thread: its thread.
    """

    key: str = ""
    thread: str = ""


def last_told(connection: Connection, model: str, about: str) -> Told:
    """The last message that something began, if nobody was told of its end.

    Args:
        connection: to the store.
        model: the model.
        about: what stands after the model's name in the keys of such messages.
    """
    named = OUTBOX.c.key.startswith(f"{model}{about}", autoescape=True)
    newest = select(func.max(OUTBOX.c.id)).where(OUTBOX.c.model == model, named).scalar_subquery()
    found = connection.execute(select(OUTBOX.c.key, OUTBOX.c.thread).where(OUTBOX.c.id == newest)).first()
    return Told() if found is None or found.key.endswith(OVER) else Told(found.key, found.thread)
