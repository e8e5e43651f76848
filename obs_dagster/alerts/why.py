"""What is told of why an alert fires."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from obs_dagster.alerts.rules.alert import Alert

Why = Callable[[Connection, Alert], str]
"""What may be behind an alert that fires, in a line; empty if nobody has looked."""


def unexplained(_connection: Connection, _alert: Alert) -> str:
    """Nobody has looked."""
    return ""
