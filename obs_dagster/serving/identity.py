"""Ids of predictions and requests, and the trace that a request belongs to."""

from __future__ import annotations

import os
import re
import sys

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16
_LONGEST = 128


def new_id() -> str:
    """An id that nobody else has: 16 random bytes, in hexadecimal digits."""
    return os.urandom(16).hex()


def request_id(given: str | None) -> str:
    """The id that came with a request if it is one, else a new one.

    >>> request_id("7f3a-9"), len(request_id("x" * 500)), len(request_id(None))
    ('7f3a-9', 32, 32)
    """
    return given if given and printable(given) else new_id()


def printable(text: str) -> bool:
    """Whether a text can be a header's value: short, and in one line."""
    return len(text) <= _LONGEST and text.isascii() and text.isprintable()


def trace_of(traceparent: str | None) -> str | None:
    """The trace id of a W3C `traceparent` header; None if there is none.

    >>> trace_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    >>> trace_of("nonsense"), trace_of(None)
    (None, None)
    """
    found = _TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
    return found[1] if found and found[1] != _NO_TRACE else None


def names_span(traceparent: str) -> bool:
    """Whether a W3C `traceparent` that has a trace names a span of it.

    >>> names_span("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")
    False
    """
    return traceparent[36:52] != _NO_SPAN


def current_trace() -> str | None:
    """The trace id of OpenTelemetry's current span; None without one, or where nobody imported it."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return None
    span = api.get_current_span()
    # one of ours knows it as text
    known: str | None = getattr(span, "of_trace", None)
    if known is not None:
        return known
    context = span.get_span_context()
    return f"{context.trace_id:032x}" if context.trace_id else None
