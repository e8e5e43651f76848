"""Spans: what a night does, and how long each part of it takes.

`span` is for what happens in a night: outside of one it does nothing, so that a sensor that asks the
history every half minute leaves no trace. `run_span` begins the trace of a night, and `part_of_run` goes on
with it in whatever process a part of it happens.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from structlog.contextvars import bound_contextvars

from obs_dagster.telemetry.traces.attributes import Attribute, named
from obs_dagster.telemetry.traces.ids import trace_of_run
from obs_dagster.telemetry.traces.switch import is_on

P = ParamSpec("P")
R = TypeVar("R")


class Span:
    """A span that is open; what is not known before its end is added to it.

    Args:
        recorded: OpenTelemetry's span; None where there are no traces.
    """

    __slots__ = ("_recorded", "has_failed")

    def __init__(self, recorded: Any = None) -> None:
        self._recorded = recorded
        self.has_failed = False

    def set(self, **attributes: Attribute) -> None:
        """Add attributes; the keywords are those of `ATTRIBUTES`."""
        if self._recorded is not None:
            self._recorded.set_attributes(named(attributes, {}))

    def failed(self, reason: str, *, when: bool = True) -> None:
        """Say that what the span is about has failed, where no exception says it.

        Args:
            reason: why.
            when: whether it has.
        """
        if not when:
            return
        self.has_failed = True
        if self._recorded is not None:
            from obs_dagster.telemetry.traces.recording import fail

            fail(self._recorded, reason)


@contextmanager
def span(name: str, **attributes: Attribute) -> Iterator[Span]:
    """A span below the one that is open; an exception that leaves the block is recorded on it.

    Args:
        name: what is done, of few different values: what it is done to is in the attributes.
        **attributes: the keywords of `ATTRIBUTES`; None is left out.
    """
    if not is_on():
        yield Span()
        return
    from obs_dagster.telemetry.traces import recording

    if not recording.within():
        yield Span()
        return
    with recording.recorded(name, attributes) as open_span:
        yield Span(open_span)


def traced(name: str, **attributes: Attribute) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function, each call of which is a span."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(name, **attributes):
                return function(*args, **kwargs)

        return call

    return decorate


@contextmanager
def run_span(run_id: str, name: str, **attributes: Attribute) -> Iterator[Span]:
    """The span of a run as a whole, whose ids follow from the run's; at its end spans are delivered.

    Args:
        run_id: the run.
        name: what it is.
        **attributes: as of `span`.
    """
    if not is_on():
        yield Span()
        return
    from obs_dagster.telemetry.traces import recording

    with recording.run(run_id, name, attributes) as open_span:
        yield Span(open_span)


@contextmanager
def part_of_run(run_id: str, name: str, **attributes: Attribute) -> Iterator[Span]:
    """A span below that of a run, in whichever process; where none of the run's is open, spans are delivered.

    Args:
        run_id: the run.
        name: what is done.
        **attributes: as of `span`.
    """
    with part_of_trace(trace_of_run(run_id), name, **attributes, run_id=run_id) as open_span:
        yield open_span


@contextmanager
def part_of_trace(trace_id: str, name: str, **attributes: Attribute) -> Iterator[Span]:
    """The same, by the trace of the run.

    Args:
        trace_id: in 32 hexadecimal digits; if it is empty, there is no span.
        name: what is done.
        **attributes: as of `span`.
    """
    if not trace_id or not is_on():
        yield Span()
        return
    from obs_dagster.telemetry.traces import recording

    with recording.part(trace_id, name, attributes) as open_span:
        yield Span(open_span)


@contextmanager
def of_day(day: dt.date) -> Iterator[Span]:
    """A span for what is done of one day, which all lines of the log tell."""
    with bound_contextvars(day=str(day)), span("day", day=str(day)) as open_span:
        yield open_span
