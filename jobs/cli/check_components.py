"""What a look at the latest file of spans says: its form, its components, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from jobs.cli.next_step import next_step
from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.spans.table import SpanCounts

_LARGEST = 64 << 20
"""Bytes of a file of which all spans are looked at; of a larger one its form is."""

_MOST_TRACES = 2_000
"""Traces of a day that are fetched to look at them."""

_ALWAYS = 1 << 62
_BROKEN = 0.05
_SHOWN = 6


def look_at_components(monitor: Monitor) -> Iterator[Finding]:
    """Look at the spans of a monitor that has `components`; nothing of one that has none."""
    from obs_dagster.sources.matching import matching_files

    asked = monitor.components
    if asked is None:
        return
    try:
        if asked.mlflow is not None:
            yield from _tracked(monitor)
            return
        pattern = monitor.resolve_path(asked.path, day="*")
        files = matching_files(pattern)
        if not files:
            told = f"no files yet ({next_step(pattern)}): {pattern}"
            yield Finding(monitor.model, "spans", "warn", told)
            return
        yield from _latest(monitor, files)
    except ObsError as error:
        yield Finding(monitor.model, "spans", "fail", str(error))


def _tracked(monitor: Monitor) -> Iterator[Finding]:
    """The traces of the last day on a server."""
    from obs_dagster.spans.counting import reduce_spans
    from obs_dagster.spans.reading import asked_of
    from obs_dagster.spans.selection import Selected
    from obs_dagster.spans.tracked import TrackedDay

    last = TrackedDay.latest(monitor)
    if last is None:
        told = f"no traces yet in {asked_of(monitor).place}"
        yield Finding(monitor.model, "spans", "warn", told)
        return
    seen = f"{asked_of(monitor).place} at {last.place}; the last day has {last.number:,}"
    if last.number > _MOST_TRACES:
        yield Finding(monitor.model, "spans", "ok", seen)
        return
    with last.files() as files:
        found = reduce_spans(files, Selected(asked_of(monitor), 0, _ALWAYS)).counts
    yield from _told(monitor, found, seen)


def _latest(monitor: Monitor, files: list[Path]) -> Iterator[Finding]:
    from obs_dagster.sources.file_stamp import FileStamp
    from obs_dagster.sources.files import connect
    from obs_dagster.spans.counting import reduce_spans
    from obs_dagster.spans.reading import SpanFiles, asked_of, shape_of
    from obs_dagster.spans.selection import Selected

    last = files[-1]
    with connect() as connection:
        shape = shape_of(connection, last)
    form = shape.form.name if shape else "no span"
    seen = f"{len(files)} file{'s' * (len(files) != 1)}; the last, {last.name}, has {form}"
    stamp = FileStamp.of(last)
    if (stamp.size or 0) > _LARGEST or shape is None:
        yield Finding(monitor.model, "spans", "ok" if shape else "warn", seen)
        return
    found = reduce_spans(
        SpanFiles((last,), 0, _ALWAYS, (stamp,)), Selected(asked_of(monitor), 0, _ALWAYS)
    ).counts
    yield from _told(monitor, found, seen)


def _told(monitor: Monitor, counts: SpanCounts, seen: str) -> Iterator[Finding]:
    from obs_dagster.metrics.components.usage import REQUEST
    from obs_dagster.spans.faults import fault_share, fault_words
    from obs_dagster.spans.table import WHOLE_REQUEST

    whole = counts.usage(WHOLE_REQUEST)
    names = [name for name in counts.components if name != REQUEST]
    requests = whole.of("took").n
    if not requests:
        told = f"{seen}, and no request: no trace begins with a span that `components.requests` means"
        yield Finding(monitor.model, "spans", "fail", told)
        return
    yield Finding(monitor.model, "spans", "ok", f"{seen} of {requests:,} requests")
    if not names:
        told = (
            "none: no span says of what kind it is in a convention that is known (OpenInference, "
            "OpenTelemetry GenAI, MLflow), nor is any called as `components.names` says"
        )
        yield Finding(monitor.model, "components", "fail", told)
        return
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    unpriced = whole.of("tokens").n > whole.of("cost").n
    costs = "; what tokens cost is not known: give `components.prices`" if unpriced else ""
    yield Finding(monitor.model, "components", "ok", f"{', '.join(names[:_SHOWN])}{more}{costs}")
    if words := fault_words(counts):
        broken = fault_share(counts) > _BROKEN
        yield Finding(monitor.model, "spans", "warn" if broken else "ok", "; ".join(words))
