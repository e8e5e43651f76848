"""OpenTelemetry's side of spans; imported only where there are traces.

The provider is our own, not the process's: a team's code in the same process keeps what it has set up.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from obs_dagster import __version__
from obs_dagster.secrets import scrub
from obs_dagster.telemetry.identity import identity
from obs_dagster.telemetry.patience import PATIENCE
from obs_dagster.telemetry.traces.attributes import Attribute, named
from obs_dagster.telemetry.traces.destination import Destination, open_destinations
from obs_dagster.telemetry.traces.ids import root_of_trace, trace_of_run

SCOPE = "obs_dagster"
"""Who makes the spans."""

_LONGER = 10.0
"""Seconds that are waited for one who takes spans, and has just said that he is there."""

_PROPAGATOR = TraceContextTextMapPropagator()
_NO_PARENT = context.Context()


class _Ids(IdGenerator):
    """Random ids, but for the spans of runs, whose ids are known before."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._next = threading.local()

    @contextmanager
    def of_run(self, run_id: str) -> Iterator[None]:
        """The span that is started in the block is a run's."""
        found = trace_of_run(run_id)
        self._next.trace, self._next.span = int(found, 16), int(root_of_trace(found), 16)
        try:
            yield
        finally:
            self._next.trace = self._next.span = 0

    def generate_trace_id(self) -> int:
        """The id of a run's trace, or a new one."""
        return getattr(self._next, "trace", 0) or self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        """The id of a run's span, or a new one."""
        return getattr(self._next, "span", 0) or self._random.generate_span_id()


@dataclass(frozen=True, slots=True)
class _Recorder:
    provider: TracerProvider
    tracer: trace.Tracer
    ids: _Ids
    processors: tuple[SpanProcessor, ...]
    destinations: tuple[Destination, ...]


_recorders: list[_Recorder] = []
_making = threading.Lock()


def _recorder() -> _Recorder:
    with _making:
        if not _recorders:
            opened = open_destinations()
            _recorders.append(_set_up(tuple(BatchSpanProcessor(each) for each in opened), opened))
        return _recorders[0]


def _set_up(processors: tuple[SpanProcessor, ...], destinations: tuple[Destination, ...]) -> _Recorder:
    ids = _Ids()
    provider = TracerProvider(resource=identity(), id_generator=ids, shutdown_on_exit=False)
    for each in processors:
        provider.add_span_processor(each)
    return _Recorder(provider, provider.get_tracer(SCOPE, __version__), ids, processors, destinations)


def only_to(processor: SpanProcessor) -> None:
    """Have spans of this process go to a processor, and nowhere else."""
    with _making:
        _recorders[:] = [_set_up((processor,), ())]


def within() -> bool:
    """Whether a span is open whose trace is kept."""
    return trace.get_current_span().get_span_context().trace_flags.sampled


@contextmanager
def recorded(
    name: str, attributes: Mapping[str, Attribute], parent: context.Context | None = None
) -> Iterator[trace.Span]:
    """A span for the block, below the open one or another."""
    told = named(attributes, structlog.contextvars.get_contextvars())
    with _open(_recorder().tracer.start_span(name, parent, attributes=told)) as started:
        yield started


@contextmanager
def run(run_id: str, name: str, attributes: Mapping[str, Attribute]) -> Iterator[trace.Span]:
    """The span of a run; what started the program, if that has a trace of its own, is linked."""
    recorder = _recorder()
    PATIENCE.renew()
    for each in recorder.destinations:
        each.begin()
    told = named({**attributes, "run_id": run_id, "program": __version__}, {})
    with recorder.ids.of_run(run_id):
        started = recorder.tracer.start_span(name, _NO_PARENT, attributes=told, links=_started_by())
    try:
        with _open(started):
            yield started
    finally:
        flush()


@contextmanager
def part(trace_id: str, name: str, attributes: Mapping[str, Attribute]) -> Iterator[trace.Span]:
    """A span below that of a run, by its trace; the run may be open in this process or in another."""
    if format(trace.get_current_span().get_span_context().trace_id, "032x") == trace_id:
        with recorded(name, attributes) as started:
            yield started
        return
    try:
        with recorded(name, attributes, _far_root(trace_id)) as started:
            yield started
    finally:
        flush()


def _far_root(trace_id: str) -> context.Context:
    """The run's span, seen from elsewhere."""
    flags = TraceFlags(TraceFlags.SAMPLED if is_kept(trace_id) else TraceFlags.DEFAULT)
    span_id = int(root_of_trace(trace_id), 16)
    root = SpanContext(int(trace_id, 16), span_id, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(trace.NonRecordingSpan(root), _NO_PARENT)


def is_kept(trace_id: str) -> bool:
    """Whether a trace is kept: it follows from its id, in every process alike."""
    sampled = _recorder().provider.sampler.should_sample(_NO_PARENT, int(trace_id, 16), "")
    return sampled.decision is Decision.RECORD_AND_SAMPLE


def _started_by() -> tuple[trace.Link, ...]:
    found = _PROPAGATOR.extract({"traceparent": os.environ.get("TRACEPARENT", "")}, _NO_PARENT)
    caller = trace.get_current_span(found).get_span_context()
    return (trace.Link(caller),) if caller.is_valid else ()


@contextmanager
def _open(started: trace.Span) -> Iterator[trace.Span]:
    """Have a span be the open one, and end it; what is raised is recorded without secrets."""
    token = context.attach(trace.set_span_in_context(started))
    try:
        yield started
    except BaseException as error:
        if not isinstance(error, GeneratorExit):
            _record(started, error)
        raise
    finally:
        context.detach(token)
        started.end()


def _record(open_span: trace.Span, error: BaseException) -> None:
    said = scrub(str(error))
    stack = scrub("".join(traceback.format_exception(error)))
    open_span.record_exception(error, {"exception.message": said, "exception.stacktrace": stack})
    open_span.set_attribute("error.type", type(error).__qualname__)
    fail(open_span, f"{type(error).__name__}: {said}" if said else type(error).__name__)


def fail(open_span: trace.Span, reason: str) -> None:
    """Mark a span as failed."""
    open_span.set_status(Status(StatusCode.ERROR, scrub(reason)))


def traceparent() -> str:
    """The open span as W3C has it, if its trace is kept."""
    carrier: dict[str, str] = {}
    if within():
        _PROPAGATOR.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def resumed(carrier: str) -> Iterator[None]:
    """What another process had open, by its `traceparent`, is open here for the block."""
    token = context.attach(_PROPAGATOR.extract({"traceparent": carrier}, _NO_PARENT))
    try:
        yield
    finally:
        context.detach(token)


def hand_over(spans: list[ReadableSpan]) -> None:
    """Take spans that ended in another process for this one's."""
    for processor in _recorder().processors:
        for each in spans:
            processor.on_end(each)


def flush() -> None:
    """Have what ended delivered, and wait for it no longer than it is worth."""
    recorder = _recorder()

    def deliver() -> None:
        recorder.provider.force_flush()
        for each in recorder.destinations:
            each.finish()

    def longer() -> float:
        return _LONGER if any(each.answering for each in recorder.destinations) else 0.0

    PATIENCE.wait(deliver, longer=longer)


def forget() -> None:
    """Drop everything; the next span begins anew."""
    with _making:
        for each in _recorders:
            each.provider.shutdown()
        _recorders.clear()
    identity.cache_clear()
