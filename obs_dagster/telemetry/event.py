"""Events of the log: each is declared where it happens, with a name and keys that stay what they are.

Programs that read the log look for them. docs/logging.md lists them all, out of the source.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import structlog


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is told in the log. Call it with its keys when it happens.

    Attributes:
        logger: who tells it, the room that it happens in: `obs_dagster.alerts`.
        name: what happened, in a few words without any value.
        level: `debug`, `info` (what a night did), `warning` (look at it when there is time) or `error`
            (something is lost or not done until somebody acts).
        meaning: a sentence for whoever meets it.
        keys: what is told of it, each with its meaning.
    """

    logger: str
    name: str
    level: str
    meaning: str
    keys: dict[str, str] = field(default_factory=dict)

    def __call__(self, **told: Any) -> None:
        """Tell it.

        Args:
            **told: its keys.
        """
        self.at(logging.getLevelNamesMapping()[self.level.upper()], **told)

    def at(self, number: int, /, **told: Any) -> None:
        """Tell it at another level, by the level's number."""
        structlog.get_logger(self.logger).log(number, self.name, **told)
