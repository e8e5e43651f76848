"""The records that reports of consecutive days look back to, each read from the store once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from obs_dagster.history import History
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.verdict.record_index import DayRecords, RecordIndex

Days = dict[dt.date, list[MetricRecord]]


class RecordWindow:
    """The current records of a model in the days up to one that is reported, and then the next.

    Args:
        history: the store.
        model: the model's name.
        whole_days: how many days before the reported one the records of all rows go back.
        segment_days: how many those of segments do; no more than `whole_days`.
    """

    def __init__(self, history: History, model: str, *, whole_days: int, segment_days: int) -> None:
        self._history = history
        self._model = model
        self._whole_days = dt.timedelta(days=whole_days)
        self._segment_days = dt.timedelta(days=segment_days)
        self._whole: Days = {}
        self._segments: Days = {}
        # those of a day are put in order once, for all reports that look back to it
        self._ordered: dict[tuple[dt.date, bool], DayRecords] = {}

    def of(self, day: dt.date) -> list[MetricRecord]:
        """All records of a day."""
        self._move_to(day)
        return [*self._whole[day], *self._segments[day]]

    def up_to(self, day: dt.date) -> list[MetricRecord]:
        """The records of all rows and of segments as far back as asked for, up to a day, which is included.

        Days that come one after another are cheap.
        """
        self._move_to(day)
        held = (*self._whole.values(), *self._segments.values())
        return [record for records in held for record in records]

    def index(self, day: dt.date) -> RecordIndex:
        """The same records by what they are about."""
        self._move_to(day)
        parts: dict[dt.date, list[DayRecords]] = defaultdict(list)
        for whole, held in ((True, self._whole), (False, self._segments)):
            for each, records in held.items():
                if (each, whole) not in self._ordered:
                    self._ordered[each, whole] = DayRecords(records)
                parts[each].append(self._ordered[each, whole])
        return RecordIndex.of_days(parts)

    def _move_to(self, day: dt.date) -> None:
        first_segments, first_whole = day - self._segment_days, day - self._whole_days
        self._whole = {each: found for each, found in self._whole.items() if first_whole <= each <= day}
        self._segments = {
            each: found for each, found in self._segments.items() if first_segments <= each <= day
        }
        self._ordered = {
            (each, whole): found
            for (each, whole), found in self._ordered.items()
            if each in (self._whole if whole else self._segments)
        }
        self._read([each for each in _span(first_segments, day) if each not in self._segments])
        self._read([each for each in _span(first_whole, day) if each not in self._whole], [WHOLE])

    def _read(self, days: list[dt.date], segments: list[str] | None = None) -> None:
        """Read days, all of their records or those of some segments."""
        if not days:
            return
        for day in days:
            self._whole[day] = []
            if segments is None:
                self._segments[day] = []
        wanted = frozenset(days)
        for record in self._history.metrics(self._model, first=days[0], last=days[-1], segments=segments):
            if record.day in wanted:
                held = self._whole if record.segment == WHOLE else self._segments
                held[record.day].append(record)


def _span(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))
