"""The span of a run as a whole: one night is one trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from structlog.contextvars import bound_contextvars

from obs_dagster.telemetry.traces import Span, run_span


@contextmanager
def night_span(run_id: str, model: str, days: str) -> Iterator[Span]:
    """The run is the span around the block, and lines of the log tell its id.

    Args:
        run_id: the run.
        model: whose night it is; empty if it is no model's.
        days: the day, or the first and the last one.
    """
    about = {name: value for name, value in (("run_id", run_id), ("model", model)) if value}
    with bound_contextvars(**about), run_span(run_id, "night", model=model or None, day=days or None) as span:
        yield span
