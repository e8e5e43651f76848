"""Which files of a table may have rows of which days, by what its log knows of their times."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from obs_dagster.sources.tables.snapshot import DataFile
from obs_dagster.sources.tables.time_column import TimeColumn

_ONE = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)
#: A file of more days is taken for one that may have rows of any day.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class DaysOfFiles:
    """The files of a table by day.

    Attributes:
        by_day: the files that may have rows of a day.
        anywhere: files of which nobody knows, or that have too many days; they may have rows of any.
        ends: days that have rows for certain.
        missing: rows without a time, as far as files say; they are of no day.
    """

    by_day: Mapping[dt.date, Sequence[DataFile]]
    anywhere: Sequence[DataFile]
    ends: Sequence[dt.date]
    missing: int

    @classmethod
    def of(cls, files: Iterable[DataFile], column: TimeColumn, zone: dt.tzinfo) -> DaysOfFiles:
        """Sort files to days.

        Args:
            files: the files, with what is known of the column.
            column: the column of times.
            zone: where days begin and end.
        """
        by_day: dict[dt.date, list[DataFile]] = defaultdict(list)
        anywhere: list[DataFile] = []
        ends: set[dt.date] = set()
        missing = 0
        for file in files:
            missing += file.nulls or 0
            if file.rows == 0 or (file.rows is not None and file.nulls == file.rows):
                # no row of it is of any day
                continue
            if file.low is None:
                anywhere.append(file)
                continue
            first = column.moment(file.low).astimezone(zone).date()
            last = column.moment(file.high).astimezone(zone).date()
            ends.update((first, last))
            if (last - first).days >= _MOST:
                anywhere.append(file)
                continue
            for number in range((last - first).days + 1):
                by_day[first + number * _ONE].append(file)
        return cls(by_day, anywhere, sorted(ends), missing)

    def files(self, day: dt.date) -> list[DataFile]:
        """The files that may have rows of a day."""
        return [*self.by_day.get(day, ()), *self.anywhere]

    def stamp(self, day: dt.date) -> str:
        """Changes when files that may have rows of a day do; empty if there are none."""
        return stamped(self.files(day))


def stamped(files: Iterable[DataFile]) -> str:
    """Changes with files, and with what was deleted of them; empty if there are none."""
    told = sorted(f"{file.name}\0{file.content}" for file in files)
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16] if told else ""
