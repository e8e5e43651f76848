"""Days of spans, counted once and kept; windows are sums of these."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence

from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.evaluation.baseline_outcomes import relative_metrics
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.lake import Table
from obs_dagster.profile.tables import COMPONENTS
from obs_dagster.sources.file_stamp import fingerprint
from obs_dagster.spans.counting import reduce_spans
from obs_dagster.spans.reading import SpanFiles, asked_of, day_bounds
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import SpanCounts
from obs_dagster.telemetry.traces import span

_LAYOUT = 1
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
    asked, files = asked_of(monitor), SpanFiles.of(monitor, day)
    text = f"{fingerprint(files.stamps)}|{asked.model_dump_json()}|{monitor.time_zone}|{_LAYOUT}"
    inputs = hashlib.sha256(text.encode()).hexdigest()[:16]
    kept = table.readable(day)
    if kept is not None and kept.get("fingerprint") == inputs:
        return
    with span("count_spans") as told:
        found = reduce_spans(files, Selected(asked, *day_bounds(monitor, day)))
        told.set(rows=found.spans)
    table.write(
        day,
        found.counts.table,
        {"fingerprint": inputs, "files": len(files.files), "spans": found.spans},
    )


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
