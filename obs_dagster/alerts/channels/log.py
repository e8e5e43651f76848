"""`log://`: the program's own log."""

from __future__ import annotations

import logging

from obs_dagster.alerts.message import Message
from obs_dagster.telemetry.event import Event

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


_NOTIFICATION = Event(
    "obs_dagster.alerts",
    "notification",
    "warning",
    "A notification whose route is `log://`; its level is by its severity, `info` where something ends.",
    {"title": "its title", "key": "its key", "body": "its text, of several lines"},
)


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
        _NOTIFICATION.at(level, title=message.title, key=message.key, body=message.body)

    def problem(self, url: str) -> str:
        """The log takes everything."""
        del url
        return ""

    def host(self, url: str) -> None:
        """The log is here."""
        del url


CHANNEL = Log()
