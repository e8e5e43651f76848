"""Finds metric records by what they are about."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.whole import WHOLE

Subject = tuple[str, str, int, str, str]


class RecordIndex:
    """Metric records of one model, indexed by subject and day.

    Args:
        records: any order; of two records with the same key the later computed one counts.

    Attributes:
        versions_by_day: the versions that have rows on a day.
    """

    def __init__(self, records: Iterable[MetricRecord]) -> None:
        self._series: dict[Subject, dict[dt.date, MetricRecord]] = defaultdict(dict)
        self._columns: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self._segments: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        self._subjects: dict[tuple[str, str, int], set[tuple[str, str]]] = defaultdict(set)
        self.versions_by_day: dict[dt.date, set[str]] = defaultdict(set)
        for record in records:
            subject = (record.metric, record.version, record.window, record.segment, record.column)
            held = self._series[subject].get(record.day)
            if held is None or held.computed_at <= record.computed_at:
                self._series[subject][record.day] = record
            self._subjects[record.metric, record.version, record.window].add((record.segment, record.column))
            if record.segment == WHOLE:
                self._columns[record.metric, record.version, record.window].add(record.column)
            if not record.column:
                self._segments[record.metric, record.version, record.window].add(record.segment)
            if record.n > 0 and record.version != WHOLE:
                self.versions_by_day[record.day].add(record.version)

    def series(
        self, metric: str, version: str, window: int, *, segment: str = WHOLE, column: str = ""
    ) -> dict[dt.date, MetricRecord]:
        """The records of one subject by day, in order of day; empty if there are none."""
        found = self._series.get((metric, version, window, segment, column), {})
        return dict(sorted(found.items()))

    def at(
        self, day: dt.date, metric: str, version: str, window: int, *, segment: str = WHOLE, column: str = ""
    ) -> MetricRecord | None:
        """The record of one subject on one day."""
        return self._series.get((metric, version, window, segment, column), {}).get(day)

    def columns(self, metric: str, version: str, window: int) -> list[str]:
        """Columns that have the metric over all rows, by name."""
        return sorted(self._columns.get((metric, version, window), ()))

    def segments(self, metric: str, version: str, window: int) -> list[str]:
        """Segment cells that have the metric, by name; `*` is not one."""
        return sorted(self._segments.get((metric, version, window), set()) - {WHOLE})

    def subjects(self, metric: str, version: str, window: int) -> list[tuple[str, str]]:
        """Segment cell and column of everything that has the metric, by name."""
        return sorted(self._subjects.get((metric, version, window), ()))

    def days_with_rows(self, version: str, day: dt.date, window: int) -> int:
        """On how many days of a window a version has rows."""
        days = (day - dt.timedelta(days=back) for back in range(window))
        return sum(version in self.versions_by_day.get(each, ()) for each in days)

    def versions(self) -> list[str]:
        """All versions that have rows on some day, in natural order."""
        seen: set[str] = set().union(*self.versions_by_day.values()) if self.versions_by_day else set()
        return sorted(seen, key=natural)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts version 10 after version 9.

    >>> sorted(["10", "9", "v2"], key=natural)
    ['9', '10', 'v2']
    """
    parts = re.split(r"([0-9]+)", text)
    return tuple((0, int(part), "") if index % 2 else (1, 0, part) for index, part in enumerate(parts))
