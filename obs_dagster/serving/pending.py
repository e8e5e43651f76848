"""Spans that are made after their request: while it is answered, no more is done than to take notes.

OpenTelemetry's SDK takes some 30 µs to make and end a span with its attributes. Here a request gets its
trace, the decision of the sampler and a span that writes down what it is told, and that has an id once
something asks for it; a thread makes the SDK's span of it.
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
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
)

_MOST = 10_000
"""Spans that may wait; of more the oldest are dropped, as OpenTelemetry's own queue does."""
_EVERY = 0.2
_TURN = 25
"""After so many spans other threads of the process get their turn."""

NAME = "obs_dagster.serving"
_KEPT = Decision.RECORD_AND_SAMPLE

_TRACE, _SPAN, _FLAGS = slice(3, 35), slice(36, 52), 54
"""Where these stand in a `traceparent`; of the flags the digit that has those which there are."""
_SAMPLED = frozenset("13579bdf")
_RANDOM: int = getattr(TraceFlags, "RANDOM_TRACE_ID", 0)

Describe = Callable[..., tuple[str, dict[str, Any], bool]]
"""From what is known of a request, as plain values, to the name and the attributes of its span, and whether
it has failed."""


class PendingSpan(Span):
    """Writes down what it is told, for the span that is made of it.

    Args:
        of_trace: the id of its trace in 32 hexadecimal digits.
        above: the `traceparent` of the span above; None if there is none.
        made: makes its context of these if somebody asks for it: most requests have nothing below their span.
    """

    def __init__(
        self, of_trace: str, above: str | None, made: Callable[[str, str | None], SpanContext]
    ) -> None:
        self.of_trace, self.above = of_trace, above
        self._made = made
        self._context: SpanContext | None = None
        self.told: list[tuple[str, tuple[Any, ...]]] | None = None

    @property
    def span_id(self) -> int:
        """Its id; 0 if nobody has asked for it yet, so that it may have any."""
        return self._context.span_id if self._context is not None else 0

    def _note(self, name: str, *given: Any) -> None:
        if self.told is None:
            self.told = []
        self.told.append((name, given))

    def get_span_context(self) -> SpanContext:
        """Whose span it is."""
        if self._context is None:
            self._context = self._made(self.of_trace, self.above)
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
        describe: says what is known of a request, of which it is given the facts.
    """

    def __init__(self, provider: TracerProvider, describe: Describe) -> None:
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

    def begun(self, name: str, above: str | None) -> tuple[Span, str, SamplingResult | None]:
        """The span that a request has while it is answered, its trace, and what the sampler says.

        Args:
            name: of the span.
            above: the `traceparent` of the span above, well formed; None if there is none.
        """
        of_trace = f"{self._ids.generate_trace_id():032x}" if above is None else above[_TRACE]
        if self._sampler is DEFAULT_ON:
            # it is asked of every request; its answer is known
            if above is None or above[_FLAGS] in _SAMPLED:
                return PendingSpan(of_trace, above, self._context), of_trace, None
            return NonRecordingSpan(self._context(of_trace, above, TraceFlags.DEFAULT)), of_trace, None
        parent = _within(above)
        decided = self._sampler.should_sample(parent, int(of_trace, 16), name, SpanKind.SERVER, None, ())
        flags = TraceFlags.SAMPLED if decided.decision is _KEPT else TraceFlags.DEFAULT
        context = self._context(of_trace, above, flags, decided.trace_state)
        if decided.decision is Decision.DROP:
            return NonRecordingSpan(context), of_trace, decided
        return PendingSpan(of_trace, above, lambda *_: context), of_trace, decided

    def _context(
        self,
        of_trace: str,
        above: str | None,
        flags: int = TraceFlags.SAMPLED,
        state: TraceState | None = None,
    ) -> SpanContext:
        """Ids of a new span in a trace, which is as random as whoever began it says."""
        if self._random if above is None else _flags_of(above) & _RANDOM:
            flags |= _RANDOM
        return SpanContext(
            int(of_trace, 16),
            self._ids.generate_span_id(),
            is_remote=False,
            trace_flags=TraceFlags(flags),
            trace_state=state,
        )

    def put(self, span: PendingSpan, decided: SamplingResult | None, *facts: Any) -> None:
        """A request has ended.

        Args:
            span: what it had.
            decided: what the sampler said, if it was asked.
            *facts: beginning and end in nanoseconds since 1970, and what is described.
        """
        self._noted.append((span.of_trace, span.span_id, span.above, decided, span.told, *facts))
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
        of_trace: str,
        span_id: int,
        above: str | None,
        decided: SamplingResult | None,
        told: list[tuple[str, tuple[Any, ...]]] | None,
        began: int,
        ended: int,
        *facts: Any,
    ) -> None:
        self._given.trace_id = int(of_trace, 16)
        self._given.span_id = span_id or self._ids.generate_span_id()
        name, attributes, failed = self._describe(*facts)
        if decided is None:
            self._given.decided = SamplingResult(_KEPT, attributes)
        else:
            # what the sampler adds stands with the rest
            every: dict[str, Any] = {**dict(decided.attributes or {}), **attributes}
            self._given.decided = SamplingResult(decided.decision, every, decided.trace_state)
        span = self._tracer.start_span(name, _within(above), SpanKind.SERVER, start_time=began)
        if failed:
            span.set_status(StatusCode.ERROR)
        for method, given in told or ():
            getattr(span, method)(*given)
        span.end(ended)

    def forked(self) -> None:
        """Begin anew in a child: what waits is the parent's."""
        self._begin_anew()


def _flags_of(traceparent: str) -> int:
    return int(traceparent[53:55], 16)


def _within(above: str | None) -> Context:
    """A context whose current span is the one that a `traceparent` names; else an empty one."""
    if above is None:
        return Context()
    flags = TraceFlags(_flags_of(above))
    parent = SpanContext(int(above[_TRACE], 16), int(above[_SPAN], 16), is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(parent), Context())


_ALL: WeakSet[Later] = WeakSet()


def _make_all() -> None:
    for each in list(_ALL):
        each.make()


def _all_forked() -> None:
    for each in list(_ALL):
        each.forked()


os.register_at_fork(after_in_child=_all_forked)


def later(describe: Describe) -> Later | None:
    """What makes spans after their requests; None as long as the service has no SDK set up."""
    provider = trace.get_tracer_provider()
    return Later(provider, describe) if isinstance(provider, TracerProvider) else None
