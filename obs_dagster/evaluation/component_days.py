"""Days of spans, counted once and kept; windows are sums of these."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.evaluation.baseline_outcomes import relative_metrics
from obs_dagster.evaluation.component_outcomes import matched_by
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Table
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.tables import COMPONENT_PARTS, COMPONENTS
from obs_dagster.sources.file_stamp import fingerprint
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.purged import purged_on
from obs_dagster.spans.counting import Answered, reduce_spans
from obs_dagster.spans.meaning import trace_key
from obs_dagster.spans.reading import SpanFiles, asked_of, day_bounds
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import SpanCounts
from obs_dagster.spans.tracked import TrackedDay
from obs_dagster.telemetry.traces import span

if TYPE_CHECKING:
    import duckdb

_LAYOUT = 2
"""Of what is kept; with another one days are counted anew."""


def component_table(night: Night) -> Table:
    """The counts of days."""
    return night.lake.table(night.monitor.model, COMPONENTS)


def count_spans(night: Night, day: dt.date) -> None:
    """Count the spans of a day's requests, unless that was done of the same files as the monitor says now.

    Raises:
        SourceError: a file cannot be read, has no form that is known, or changed meanwhile.
    """
    monitor, table = night.monitor, component_table(night)
    parts = night.lake.table(monitor.model, COMPONENT_PARTS)
    asked, there = asked_of(monitor), _there(monitor, day)
    answered, rows = _answered(night, day)
    text = f"{there.stamp}|{asked.model_dump_json()}|{monitor.time_zone}|{rows}|{_LAYOUT}"
    inputs = hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = table.readable(day)
    purged = purged_on(night.lake.table(monitor.model, LOGS).readable(day))
    if kept is not None and (
        purged or kept.get("fingerprint") == inputs or (kept["spans"] and not there.own)
    ):
        # what was counted of files that were removed since is what is known of them
        return
    with span("count_spans") as told, there.files() as files:
        found = reduce_spans(files, Selected(asked, *day_bounds(monitor, day)), answered)
        told.set(rows=found.spans)
    if matched_by(monitor):
        parts.write(day, found.parts, {"fingerprint": inputs}, counts=("request",))
    table.write(
        day,
        found.counts.table,
        {"fingerprint": inputs, "files": len(files.files), "spans": found.spans},
    )


@dataclass(frozen=True, slots=True)
class _There:
    """The spans that there are of a day.

    Attributes:
        stamp: changes with them.
        own: whether there are some of the day itself.
        files: gives the files that have them.
    """

    stamp: str
    own: bool
    files: Callable[[], AbstractContextManager[SpanFiles]]


def _there(monitor: Monitor, day: dt.date) -> _There:
    if asked_of(monitor).mlflow is not None:
        tracked = TrackedDay.of(monitor, day)
        return _There(tracked.stamp, tracked.number > 0, tracked.files)
    found = SpanFiles.of(monitor, day)
    return _There(fingerprint(found.stamps), found.own, lambda: nullcontext(found))


def _answered(night: Night, day: dt.date) -> tuple[Answered | None, str]:
    """SQL for which version answered each trace, by the log, and what it follows from.

    Nothing where the log does not say, or its rows are not here.
    """
    monitor, lake = night.monitor, night.lake
    column = monitor.components.match if monitor.components else None
    column = column or monitor.logs.columns.trace_id
    manifest = lake.table(monitor.model, LOGS).readable(day)
    if not column or rows_elsewhere(monitor) or manifest is None or purged_on(manifest):
        return None, ""

    def traces(connection: duckdb.DuckDBPyConnection) -> str:
        rows = log_rows(connection, monitor, [day], lake)
        if not {column, monitor.logs.columns.version} <= {*connection.sql(rows).columns}:
            return "SELECT CAST(NULL AS BIGINT) AS trace, CAST(NULL AS VARCHAR) AS version"
        key, version = trace_key(identifier(column)), identifier(monitor.logs.columns.version)
        return f"SELECT {key} AS trace, {version} AS version FROM ({rows})"

    return traces, str(manifest.get("fingerprint", ""))


def baseline_days_of(night: Night, day: dt.date) -> Sequence[dt.date]:
    """The days whose components a night is held against; empty where no rule asks, or it is no days."""
    if not relative_metrics(night.monitor, "components"):
        return ()
    return baseline_of(night.monitor).evaluated(day)


def merged_days(night: Night, days: Iterable[dt.date]) -> SpanCounts:
    """The counts of days together; those that were not counted are none of them.

    Raises:
        LakeError: a day is damaged.
    """
    table = component_table(night)
    return SpanCounts.merged(SpanCounts(table.read(day)) for day in sorted(days) if table.exists(day))
