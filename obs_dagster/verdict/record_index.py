"""Finds metric records by what they are about."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.whole import WHOLE

Subject = tuple[str, str, int, str, str]


class DayRecords:
    """Metric records of one model and day by subject, for every index that has the day.

    Args:
        records: any order; of two records with the same key the later computed one counts.

    Attributes:
        by_subject: the records.
        subjects: segment cell and column of everything that has a metric, by metric, version and window.
        versions: those that have rows.
    """

    __slots__ = ("by_subject", "subjects", "versions")

    def __init__(self, records: Iterable[MetricRecord]) -> None:
        self.by_subject: dict[Subject, MetricRecord] = {}
        self.subjects: dict[tuple[str, str, int], set[tuple[str, str]]] = defaultdict(set)
        self.versions: set[str] = set()
        for record in records:
            subject = (record.metric, record.version, record.window, record.segment, record.column)
            held = self.by_subject.get(subject)
            if held is None or held.computed_at <= record.computed_at:
                self.by_subject[subject] = record
            self.subjects[record.metric, record.version, record.window].add((record.segment, record.column))
            if record.n > 0 and record.version != WHOLE:
                self.versions.add(record.version)


class RecordIndex:
    """Metric records of one model, indexed by subject and day.

    Args:
        records: any order; of two records with the same key the later computed one counts.

    Attributes:
        versions_by_day: the versions that have rows on a day.
    """

    def __init__(self, records: Iterable[MetricRecord]) -> None:
        days: dict[dt.date, list[MetricRecord]] = defaultdict(list)
        for record in records:
            days[record.day].append(record)
        self._put({day: [DayRecords(found)] for day, found in days.items()})

    @classmethod
    def of_days(cls, days: Mapping[dt.date, Sequence[DayRecords]]) -> Self:
        """The index of days whose records were put in order before, so that consecutive nights share them.

        Args:
            days: the records of each, in parts that have no subject in common.
        """
        made = cls.__new__(cls)
        made._put(days)  # noqa: SLF001  its own
        return made

    def _put(self, days: Mapping[dt.date, Sequence[DayRecords]]) -> None:
        self._days = dict(sorted(days.items()))
        self._found: dict[tuple[str, str, int], set[tuple[str, str]]] = {}
        self.versions_by_day: dict[dt.date, set[str]] = {}
        for day, parts in self._days.items():
            if versions := set().union(*(part.versions for part in parts)):
                self.versions_by_day[day] = versions

    def series(
        self, metric: str, version: str, window: int, *, segment: str = WHOLE, column: str = ""
    ) -> dict[dt.date, MetricRecord]:
        """The records of one subject by day, in order of day; empty if there are none."""
        if (segment, column) not in self._subjects(metric, version, window):
            return {}
        subject = (metric, version, window, segment, column)
        return {
            day: part.by_subject[subject]
            for day, parts in self._days.items()
            for part in parts
            if subject in part.by_subject
        }

    def at(
        self, day: dt.date, metric: str, version: str, window: int, *, segment: str = WHOLE, column: str = ""
    ) -> MetricRecord | None:
        """The record of one subject on one day."""
        subject = (metric, version, window, segment, column)
        found = (part.by_subject.get(subject) for part in self._days.get(day, ()))
        return next((each for each in found if each is not None), None)

    def columns(self, metric: str, version: str, window: int) -> list[str]:
        """Columns that have the metric over all rows, by name."""
        found = self._subjects(metric, version, window)
        return sorted({column for segment, column in found if segment == WHOLE})

    def segments(self, metric: str, version: str, window: int) -> list[str]:
        """Segment cells that have the metric, by name; `*` is not one."""
        found = self._subjects(metric, version, window)
        return sorted({segment for segment, column in found if not column} - {WHOLE})

    def subjects(self, metric: str, version: str, window: int) -> list[tuple[str, str]]:
        """Segment cell and column of everything that has the metric, by name."""
        return sorted(self._subjects(metric, version, window))

    def _subjects(self, metric: str, version: str, window: int) -> set[tuple[str, str]]:
        asked = (metric, version, window)
        if asked not in self._found:
            parts = (part.subjects.get(asked) for day in self._days.values() for part in day)
            self._found[asked] = set().union(*(each for each in parts if each))
        return self._found[asked]

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
