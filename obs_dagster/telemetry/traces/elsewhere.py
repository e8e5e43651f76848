"""Spans of a process that works for another: collected, and plain data on their way to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from obs_dagster import __version__
from obs_dagster.telemetry.identity import identity
from obs_dagster.telemetry.traces import recording

_PLAIN = ("name", "context", "parent", "kind", "status", "start_time", "end_time")
"""What can be pickled as it is; other parts hold locks, or are the same for all spans."""


class _Collector(SpanProcessor):
    """Keeps the spans that end."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it."""
        self.spans.append(_plain(span))


@cache
def _collector() -> _Collector:
    collector = _Collector()
    recording.only_to(collector)
    return collector


@contextmanager
def collected(traceparent: str) -> Iterator[list[dict[str, Any]]]:
    """The spans that end in the block, below one that another process has open; none of them is delivered."""
    collector = _collector()
    spans: list[dict[str, Any]] = []
    collector.spans = spans
    with recording.resumed(traceparent):
        yield spans


def hand_over(spans: Iterable[dict[str, Any]]) -> None:
    """Take spans of another process for this one's."""
    recording.hand_over([_span(each) for each in spans])


def _plain(span: ReadableSpan) -> dict[str, Any]:
    events = [(each.name, dict(each.attributes or {}), each.timestamp) for each in span.events]
    return {
        **{name: getattr(span, name) for name in _PLAIN},
        "attributes": dict(span.attributes or {}),
        "events": events,
    }


def _span(plain: dict[str, Any]) -> ReadableSpan:
    events = [Event(*each) for each in plain["events"]]
    return ReadableSpan(
        **{**plain, "events": events},
        resource=identity(),
        instrumentation_scope=InstrumentationScope(recording.SCOPE, __version__),
    )
