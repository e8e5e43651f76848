"""What is told of where an incident began among the components of a night."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from obs_dagster.alerts.incidents.incident import Incident

Across = Callable[[Connection, Incident], str]
"""Where an incident likely began, in a line; empty if that is not known."""


def unasked(_connection: Connection, _incident: Incident) -> str:
    """Nobody has asked."""
    return ""
