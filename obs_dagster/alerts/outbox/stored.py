"""A notification as the outbox keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from obs_dagster.alerts.message import Message


def stored(message: Message) -> dict[str, Any]:
    """The message as plain values. Its links are not kept: they are formed when it is sent."""
    values = asdict(message)
    del values["links"]
    return values


def message_of(values: Mapping[str, Any], alert_id: str | None) -> Message:
    """The message that was stored; those of earlier versions had no thread of their own.

    >>> old = {"key": "k", "event": "firing", "severity": "info", "title": "", "body": "", "details": {}}
    >>> message_of(old, "0123456789").thread, message_of(old, None).thread
    ('0123456789', 'k')
    """
    return Message(**{"thread": alert_id or "", **values})
