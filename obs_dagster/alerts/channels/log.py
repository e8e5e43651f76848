"""`log://`: the program's own log."""

from __future__ import annotations

import logging

import structlog

from obs_dagster.alerts.message import Message

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


def send(_url: str, message: Message) -> None:
    """Write the message to the log; what fires at the level of its severity, what ends as information."""
    level = _LEVELS[message.severity] if message.event == "firing" else logging.INFO
    structlog.get_logger("obs_dagster.alerts").log(level, message.title, key=message.key, body=message.body)
