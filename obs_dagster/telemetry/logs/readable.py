"""The log as people read it, on a terminal."""

from __future__ import annotations

import textwrap
from typing import Any

import structlog
from structlog.types import EventDict

_UNTOLD = ("trace_id", "span_id", "run_id")
"""What is for programs that put lines together."""


class Readable:
    """Renders a record for people; what has several lines stands below its own, as it is."""

    def __init__(self, *, colours: bool) -> None:
        self._line = structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: Any, method: str, event: EventDict) -> str:
        """The record as text."""
        kept = ("event", "exception", "stack")
        for name in _UNTOLD:
            event.pop(name, None)
        below = [name for name, value in event.items() if name not in kept and "\n" in str(value)]
        texts = [textwrap.indent(str(event.pop(name)), "    ") for name in below]
        return "\n".join([self._line(logger, method, event), *texts])
