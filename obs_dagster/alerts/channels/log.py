"""`log://`: the program's own log."""

from __future__ import annotations

import logging

import structlog

from obs_dagster.alerts.message import Message

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


class Log:
    """Writes messages to the program's own log."""

    name = "log"

    def schemes(self) -> frozenset[str]:
        """`log://` only."""
        return frozenset({"log"})

    def send(self, url: str, message: Message) -> None:
        """Write what fires at the level of its severity, and what ends as information."""
        del url
        level = _LEVELS[message.severity] if message.event == "firing" else logging.INFO
        structlog.get_logger("obs_dagster.alerts").log(
            level, message.title, key=message.key, body=message.body
        )

    def problem(self, url: str) -> str:
        """The log takes everything."""
        del url
        return ""

    def host(self, url: str) -> None:
        """The log is here."""
        del url


CHANNEL = Log()
