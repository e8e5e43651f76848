"""The metrics of a day's log as a whole: whether it was sound, and where its rows and labels went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evidence.volume import LEFT_OUT_NIGHTS, MOST_NIGHTS
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.record import Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.quality.books import Books
from obs_dagster.quality.rows_of_days import rows_of_days
from obs_dagster.quality.validated import DayQuality
from obs_dagster.sources.label_book import LabelBook
from obs_dagster.sources.unreadable_log import UNREADABLE


def quality_records(
    quality: DayQuality,
    day: dt.date,
    recorder: Recorder,
    *,
    before: Sequence[tuple[dt.date, int]] = (),
    events: int = 0,
) -> Iterator[MetricRecord]:
    """Soundness of the day's log as a whole.

    Args:
        quality: what validation found.
        day: the day.
        recorder: makes records.
        before: the nights that say how numbers of rows differ (see `rows_before`).
        events: how many columns changed since the day before (see `quality.schema_events`).
    """
    if quality.unreadable:
        unknown = {name: Estimate.missing(UNREADABLE) for name in family("quality")}
        yield from recorder.records(unknown, version=WHOLE, day=day, window=1)
        return
    broken = [change for change in quality.schema_changes if change["kind"] != "new"]
    counts = RowCounts(
        rows=quality.rows_read,
        quarantined=quality.quarantined,
        duplicates=quality.duplicates,
        conflicts=quality.conflicts,
        schema_changes=len(quality.schema_changes),
        broken_columns=len(broken),
        schema_events=events,
        day=day,
        before=before,
    )
    yield from recorder.records(evaluate("quality", counts), version=WHOLE, day=day, window=1)


def rows_before(monitor: Monitor, day: dt.date, lake: Lake) -> list[tuple[dt.date, int]]:
    """The nights before a day that say how numbers of rows differ, with theirs."""
    last = day - dt.timedelta(days=LEFT_OUT_NIGHTS + 1)
    return rows_of_days(monitor, last - dt.timedelta(days=MOST_NIGHTS - 1), last, lake)


def books_records(books: Books, day: dt.date, recorder: Recorder) -> Iterator[MetricRecord]:
    """Where the rows of the day's log went."""
    yield from recorder.records(evaluate("books", books), version=WHOLE, day=day, window=1)


def label_records(book: LabelBook, day: dt.date, recorder: Recorder) -> Iterator[MetricRecord]:
    """Where the labels are, as the night of a day knew them."""
    yield from recorder.records(evaluate("labels", book), version=WHOLE, day=day, window=1)
