"""Labels in a table, part by part: what changed since the last night is read again, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from obs_dagster.errors import SourceError
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.log_labels import in_log
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_spans import spans
from obs_dagster.sources.reading import reading_of_labels
from obs_dagster.sources.tables.days_of_files import DaysOfFiles, stamped
from obs_dagster.sources.tables.fetching import TableRows, fetched
from obs_dagster.sources.tables.picked import Between, Outside, Picked
from obs_dagster.sources.tables.snapshot import Snapshot
from obs_dagster.sources.tables.time_column import TimeColumn

_ONE = dt.timedelta(days=1)
#: Parts that a table has at most; of more days it is one part.
_MOST = 4_000
ALL, ELSEWHERE = "all", "other times"
#: Spans of days that are read one by one; of more, the days between are read again, too.
_SPANS = 16
_ANY = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class LabelParts:
    """The parts of a table of labels.

    A part has the labels that became known on one day, or, of labels in the log itself, those of the
    predictions of one day. What is of no such day is one more part. A table without such a column is one.

    Attributes:
        snapshot: the table.
        column: the column that tells parts apart; None if there is none.
        days: the files by day.
        zone: where days begin and end.
    """

    snapshot: Snapshot
    column: TimeColumn | None
    days: DaysOfFiles
    zone: dt.tzinfo

    @classmethod
    def of(cls, monitor: Monitor, labels: Labels, snapshot: Snapshot) -> LabelParts:
        """Divide a table.

        Raises:
            SourceError: the table's log cannot be read.
        """
        own = in_log(monitor.logs, labels)
        name = monitor.logs.columns.time if own else labels.columns.known_at
        times = monitor.logs.times if own else labels.times
        column = None
        if name is not None:
            role = "logs.columns.time" if own else "labels.columns.known_at"
            try:
                column = TimeColumn.of(snapshot.schema(), name, times, where=snapshot.name.table, role=role)
            except SourceError:
                if name not in snapshot.schema().names:
                    raise
                # texts say no days to the table's log: it is read as one part
                column = None
        files = snapshot.files(column.name if column else labels.columns.label)
        days = DaysOfFiles.of(files, column, monitor.zone) if column else DaysOfFiles({}, files, (), 0)
        if len(days.by_day) > _MOST:
            column, days = None, DaysOfFiles({}, files, (), 0)
        return cls(snapshot, column, days, monitor.zone)

    def stamps(self) -> dict[str, str]:
        """The parts by name, with what changes with the files that may have rows of each."""
        if self.column is None:
            return {ALL: stamp} if (stamp := stamped(self.days.anywhere)) else {}
        listed = sorted(self.days.by_day)
        found = {str(day): self.days.stamp(day) for day in listed}
        without = [file for file in self.snapshot.files(self.column.name) if file.nulls != 0]
        rest = {file.name: file for file in (*self.days.anywhere, *without)}
        # the newest day comes last, as among files
        return ({ELSEWHERE: stamped(rest.values())} if rest else {}) | found

    def picked(self, parts: Sequence[str]) -> list[Picked]:
        """The rows of some parts: those of days that follow each other together."""
        if self.column is None:
            return [None] if parts else []
        days = sorted(dt.date.fromisoformat(part) for part in parts if part != ELSEWHERE)
        found = spans(days)
        if len(found) > _SPANS:
            # labels that are read again are the same labels
            found = [(days[0], days[-1])]
        picked: list[Picked] = [Between(self.column.name, *self._ends(*span)) for span in found]
        if ELSEWHERE in parts:
            listed = sorted(self.days.by_day) or [_ANY]
            picked.append(Outside(self.column.name, *self._ends(listed[0], listed[-1])))
        return picked

    def _ends(self, first: dt.date, last: dt.date) -> tuple[object, object]:
        if self.column is None:
            raise TypeError(self)
        begin, end = (dt.datetime.combine(each, dt.time(), self.zone) for each in (first, last + _ONE))
        return self.column.value(begin), self.column.value(end)

    @contextmanager
    def fetched(
        self, monitor: Monitor, labels: Labels, parts: Sequence[str], folder: Path
    ) -> Iterator[Sequence[TableRows]]:
        """The rows of some parts, together in a file; none of no parts.

        Raises:
            SourceError: the table cannot be read.
        """
        if not parts:
            yield []
            return
        reading = reading_of_labels(monitor, labels)
        with fetched(self.snapshot, self.picked(parts), labels.columns.named, folder, reading) as rows:
            yield [rows]
