"""What `log://` writes, kept in a file to be read there, and not between other output."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog


@contextmanager
def kept_messages(place: Path) -> Iterator[None]:
    """Have the notifications of the block that go to the log be at the end of a file, whole.

    Raises:
        OSError: it cannot be written.
    """
    log = logging.getLogger("obs_dagster.alerts")
    handler = logging.FileHandler(place, encoding="utf-8")
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=_as_text))
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = True
        log.removeHandler(handler)
        handler.close()


def _as_text(_logger: object, _method: str, event: Any) -> str:
    return f"{event.get('title', event['event'])}\n\n{event.get('body', '')}\n"
