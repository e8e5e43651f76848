"""Spans that are made after their request: while it is answered, no more is done than to take notes.

OpenTelemetry's SDK takes some 30 µs to make and end a span with its attributes. Here a request gets the ids,
the decision of the sampler and a span that writes down what it is told; a thread makes the SDK's span of it.
What waits are tuples of numbers and texts, which the garbage collector has no work with.
Needs opentelemetry-sdk, and is imported only where it is there.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

_MOST = 10_000
"""Spans that may wait; of more the oldest are dropped, as OpenTelemetry's own queue does."""
_EVERY = 0.2
_TURN = 25
"""After so many spans other threads of the process get their turn."""

NAME = "obs_dagster.serving"
_KEPT = Decision.RECORD_AND_SAMPLE

Facts = tuple[Any, ...]
"""What is known of a request, as plain values."""


class PendingSpan(Span):
    """Writes down what it is told, for the span that is made of it."""

    def __init__(self, context: SpanContext) -> None:
        self._context = context
        self.told: list[tuple[str, tuple[Any, ...]]] | None = None

    def _note(self, name: str, *given: Any) -> None:
        if self.told is None:
            self.told = []
        self.told.append((name, given))

    def get_span_context(self) -> SpanContext:
        """Whose span it is."""
        return self._context

    def is_recording(self) -> bool:
        """What it is told is kept."""
        return True

    def end(self, end_time: int | None = None) -> None:
        """It ends with the request."""

    def set_attributes(self, attributes: Any) -> None:
        """As the span's."""
        self._note("set_attributes", attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        """As the span's."""
        self._note("set_attribute", key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """As the span's; it happens now."""
        self._note("add_event", name, attributes, timestamp or time.time_ns())

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        """As the span's."""
        self._note("add_link", context, attributes)

    def update_name(self, name: str) -> None:
        """As the span's."""
        self._note("update_name", name)

    def set_status(self, status: Any, description: str | None = None) -> None:
        """As the span's."""
        self._note("set_status", status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002  as OpenTelemetry has it
    ) -> None:
        """As the span's; it happens now."""
        self._note("record_exception", exception, attributes, timestamp or time.time_ns(), escaped)


class _Given(IdGenerator, Sampler):
    """Gives the ids and the decision that a request already has."""

    def __init__(self, *, random: bool) -> None:
        self._random = random
        self.trace_id = self.span_id = 0
        self.decided = SamplingResult(Decision.RECORD_AND_SAMPLE)

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id

    def is_trace_id_random(self) -> bool:
        return self._random

    def should_sample(self, *_args: Any, **_more: Any) -> SamplingResult:
        return self.decided

    def get_description(self) -> str:
        return "as decided when the request came"


class Later:
    """Makes spans of requests that have ended, in a thread of its own.

    Args:
        provider: the service's.
        describe: puts on a span what is known of a request, of which it is given the facts.
    """

    def __init__(self, provider: TracerProvider, describe: Callable[[Span, Facts], None]) -> None:
        self._sampler, self._ids, self._describe = provider.sampler, provider.id_generator, describe
        self._random = bool(getattr(self._ids, "is_trace_id_random", lambda: False)())
        self._given = _Given(random=self._random)
        # a tracer of our own, which nobody else is given
        tracer: Any = provider.get_tracer(NAME)
        tracer.id_generator = tracer.sampler = self._given
        self._tracer: Tracer = tracer
        self._begin_anew()
        _ALL.add(self)

    def _begin_anew(self) -> None:
        self._noted: deque[tuple[Any, ...]] = deque(maxlen=_MOST)
        self._making = threading.Lock()
        self._thread: threading.Thread | None = None

    def begun(self, name: str, parent: SpanContext | None) -> tuple[Span, SpanContext, SamplingResult | None]:
        """The span that a request has while it is answered, its ids, and what the sampler says.

        Args:
            name: of the span.
            parent: the span above, if there is one.
        """
        trace_id = self._ids.generate_trace_id() if parent is None else parent.trace_id
        decided = None
        if self._sampler is DEFAULT_ON:
            # it is asked of every request; its answer is known
            decision = _KEPT if parent is None or parent.trace_flags.sampled else Decision.DROP
            state = None if parent is None else parent.trace_state
        else:
            decided = self._sampler.should_sample(_context(parent), trace_id, name, SpanKind.SERVER, None, ())
            decision, state = decided.decision, decided.trace_state
        flags = TraceFlags.SAMPLED if decision is _KEPT else TraceFlags.DEFAULT
        if self._random if parent is None else getattr(parent.trace_flags, "random_trace_id", False):
            flags |= getattr(TraceFlags, "RANDOM_TRACE_ID", 0)
        context = SpanContext(
            trace_id,
            self._ids.generate_span_id(),
            is_remote=False,
            trace_flags=TraceFlags(flags),
            trace_state=state,
        )
        kept = decision is not Decision.DROP
        return (PendingSpan(context) if kept else NonRecordingSpan(context)), context, decided

    def put(
        self,
        span: Span,
        parent: SpanContext | None,
        decided: SamplingResult | None,
        *facts: Any,
    ) -> None:
        """A request has ended.

        Args:
            span: what it had.
            parent: the span above it.
            decided: what the sampler said, if it was asked.
            *facts: name, beginning and end in nanoseconds since 1970, and what is described.
        """
        own, told = span.get_span_context(), span.told if isinstance(span, PendingSpan) else None
        above = None if parent is None else (parent.trace_id, parent.span_id, int(parent.trace_flags))
        state = None if parent is None or not parent.trace_state else parent.trace_state
        self._noted.append((own.trace_id, own.span_id, above, state, decided, told, *facts))
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._making:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="obs-serving-spans", daemon=True)
                self._thread.start()
                # by now the provider is there, which ends after this
                atexit.unregister(_make_all)
                atexit.register(_make_all)

    def _run(self) -> None:
        while True:
            time.sleep(_EVERY)
            self.make()

    def make(self) -> None:
        """Make the spans of all requests that have ended."""
        with self._making:
            for place in range(len(self._noted)):
                if place % _TURN == _TURN - 1:
                    time.sleep(0)
                try:
                    self._make(*self._noted.popleft())
                except Exception:  # noqa: BLE001, S112  a span that cannot be made is none; nobody's request fails
                    continue

    def _make(  # noqa: PLR0917  a plain tuple
        self,
        trace_id: int,
        span_id: int,
        above: tuple[int, int, int] | None,
        state: Any,
        decided: SamplingResult | None,
        told: list[tuple[str, tuple[Any, ...]]] | None,
        name: str,
        began: int,
        ended: int,
        *facts: Any,
    ) -> None:
        parent = None
        if above is not None:
            parent = SpanContext(
                above[0], above[1], is_remote=True, trace_flags=TraceFlags(above[2]), trace_state=state
            )
        self._given.trace_id, self._given.span_id = trace_id, span_id
        self._given.decided = decided or SamplingResult(_KEPT, trace_state=state)
        span = self._tracer.start_span(name, context=_context(parent), kind=SpanKind.SERVER, start_time=began)
        self._describe(span, facts)
        for method, given in told or ():
            getattr(span, method)(*given)
        span.end(ended)

    def forked(self) -> None:
        """Begin anew in a child: what waits is the parent's."""
        self._begin_anew()


def _context(parent: SpanContext | None) -> Context:
    """A context in which a span is the current one; else an empty one."""
    return Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())


_ALL: WeakSet[Later] = WeakSet()


def _make_all() -> None:
    for each in list(_ALL):
        each.make()


def _all_forked() -> None:
    for each in list(_ALL):
        each.forked()


os.register_at_fork(after_in_child=_all_forked)


def later(describe: Callable[[Span, Facts], None]) -> Later | None:
    """What makes spans after their requests; None as long as the service has no SDK set up."""
    provider = trace.get_tracer_provider()
    return Later(provider, describe) if isinstance(provider, TracerProvider) else None
