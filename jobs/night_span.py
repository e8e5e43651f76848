"""The span of a run as a whole: one night is one trace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.logs import begin_night, deliver_lines
from obs_dagster.telemetry.traces import Span, run_span

_KEYS = {"days": "the day, or the first and the last one", "seconds": "how long it took"}

_BEGAN = Event("obs_dagster.nights", "night began", "info", "A run has begun.", {"days": _KEYS["days"]})

_ENDED = Event(
    "obs_dagster.nights", "night ended", "info", "A run has ended, and all of its stages are done.", _KEYS
)

_FAILED = Event(
    "obs_dagster.nights",
    "night failed",
    "error",
    "A run has ended, and not all of its stages are done. Who must know is told by the outbox.",
    _KEYS,
)


@contextmanager
def night_span(run_id: str, model: str, days: str) -> Iterator[Span]:
    """The run is the span around the block, and lines of the log tell its id.

    Args:
        run_id: the run.
        model: whose night it is; empty if it is no model's.
        days: the day, or the first and the last one.
    """
    about = {name: value for name, value in (("run_id", run_id), ("model", model)) if value}
    begun = time.monotonic()
    begin_night()
    try:
        with (
            bound_contextvars(**about),
            run_span(run_id, "night", model=model or None, day=days or None) as span,
        ):
            _BEGAN(days=days)
            yield span
            seconds = round(time.monotonic() - begun, 3)
            if span.has_failed:
                _FAILED(days=days, seconds=seconds)
            else:
                _ENDED(days=days, seconds=seconds)
    finally:
        deliver_lines()
