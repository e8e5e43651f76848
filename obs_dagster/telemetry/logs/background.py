"""Handlers whose lines go out in the background, whatever becomes of them."""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from typing import Any


class Background(logging.Handler):
    """A handler that delivers lines now and then; its formatter gives JSON."""

    def begin(self) -> None:
        """A night begins: whoever has failed is tried again."""

    @abstractmethod
    def deliver(self) -> None:
        """Deliver what waits now; waits for it no longer than `PATIENCE` allows."""

    def event(self, record: logging.LogRecord) -> dict[str, Any]:
        """The event of a record, with all that is bound for it and without secrets."""
        found: dict[str, Any] = json.loads(self.format(record))
        return found
