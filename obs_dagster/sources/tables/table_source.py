"""Logs and labels in a table of Delta Lake or Iceberg, which is read at one snapshot a night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.file_source import KnownDays
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.reading import reading_of_log
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.tables.days_of_files import DaysOfFiles
from obs_dagster.sources.tables.fetching import fetched, nothing
from obs_dagster.sources.tables.label_parts import LabelParts
from obs_dagster.sources.tables.picked import Between
from obs_dagster.sources.tables.pins import snapshot_of
from obs_dagster.sources.tables.snapshot import Opener, Snapshot, TablePlace
from obs_dagster.sources.tables.time_column import TimeColumn

_ONE = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TableSource:
    """Tables of one kind (see `Source` for what each method is for).

    Attributes:
        name: as the monitor has it.
        open: opens a table.
        is_catalog: whether a path is the URL of a catalog.
        mistake: what is wrong with the name of a snapshot, as a sentence; empty if nothing is.
        reads_table: whether there are catalogs of such tables.
    """

    name: str
    open: Opener
    is_catalog: Callable[[str], bool]
    mistake: Callable[[int | str], str]
    reads_table: bool
    of_files: Literal[False] = False
    asset: Literal["table"] = "table"
    label_unit: str = "parts of the table"

    def in_catalog(self, path: str) -> bool:
        """Whether the path is the URL of a catalog (see `HasSnapshots`)."""
        return self.is_catalog(path)

    def snapshot_mistake(self, snapshot: int | str) -> str:
        """What is wrong with the name of a snapshot (see `HasSnapshots`)."""
        return self.mistake(snapshot)

    def place(self, section: Logs | Labels) -> str:
        """The table; a catalog's URL has its variables, not their values."""
        return f"{section.table} of {section.path}" if section.table else section.path

    def snapshot(self, monitor: Monitor, section: Logs | Labels) -> Snapshot:
        """The table of a section at the snapshot of this night.

        Raises:
            SourceError: there is no such table or snapshot, or it cannot be reached.
        """
        name: Literal["logs", "labels"] = "logs" if isinstance(section, Logs) else "labels"
        return snapshot_of(TablePlace.of(monitor, section, self, name), self.open)

    def read_at(self, monitor: Monitor, section: Logs | Labels) -> SnapshotName:
        """Which snapshot that is (see `OfSnapshots`)."""
        return self.snapshot(monitor, section).name

    def day(self, monitor: Monitor, day: dt.date, folder: Path) -> AbstractContextManager[SourceFiles]:
        """The rows of the day by their time, fetched into a file below the folder, in the order of time."""
        return self.look(monitor, day, folder, None)

    @contextmanager
    def look(self, monitor: Monitor, day: dt.date, folder: Path, most: int | None) -> Iterator[SourceFiles]:
        """The rows of a day, or so many of them (see `OfSnapshots`)."""
        snapshot, roles = self.snapshot(monitor, monitor.logs), monitor.logs.columns
        column, days = self._days(monitor, snapshot)
        if not days.files(day):
            yield nothing(snapshot, _range_of(days))
            return
        begin, end = (dt.datetime.combine(each, dt.time(), monitor.zone) for each in (day, day + _ONE))
        picked = Between(column.name, column.value(begin), column.value(end))
        order, reading = (roles.time, roles.prediction_id), reading_of_log(monitor)
        with fetched(snapshot, [picked], order, folder, reading, most=most) as rows:
            yield rows

    def stamp(self, monitor: Monitor, day: dt.date) -> str:
        """Changes with the files that may have rows of the day, as the table's log has them."""
        return self._days(monitor, self.snapshot(monitor, monitor.logs))[1].stamp(day)

    def days(self, monitor: Monitor) -> KnownDays:
        """The days of the first and the last rows of each file, as the table's log has them."""
        return KnownDays(self._days(monitor, self.snapshot(monitor, monitor.logs))[1].ends)

    def days_of(self, monitor: Monitor) -> DaysOfFiles:
        """What the table's log knows of its days.

        Raises:
            SourceError: it cannot be read.
        """
        return self._days(monitor, self.snapshot(monitor, monitor.logs))[1]

    def _days(self, monitor: Monitor, snapshot: Snapshot) -> tuple[TimeColumn, DaysOfFiles]:
        logs = monitor.logs
        where, role = snapshot.name.table, "logs.columns.time"
        column = TimeColumn.of(snapshot.schema(), logs.columns.time, logs.times, where=where, role=role)
        return column, DaysOfFiles.of(snapshot.files(column.name), column, monitor.zone)

    def label_stamps(self, monitor: Monitor, labels: Labels) -> dict[str, str]:
        """The parts of the table, with what changes with the files of each."""
        parts = LabelParts.of(monitor, labels, self.snapshot(monitor, labels))
        return {f"{self._part(labels)}{part}": stamp for part, stamp in parts.stamps().items()}

    @contextmanager
    def labels(
        self, monitor: Monitor, labels: Labels, names: Sequence[str], folder: Path
    ) -> Iterator[Sequence[SourceFiles]]:
        """The parts together, fetched into a file below the folder."""
        parts = LabelParts.of(monitor, labels, self.snapshot(monitor, labels))
        chosen = [name.removeprefix(self._part(labels)) for name in names]
        with parts.fetched(monitor, labels, chosen, folder) as rows:
            yield rows

    def _part(self, labels: Labels) -> str:
        """Begins the names of the parts of a table."""
        return f"{self.place(labels)}, "


def _range_of(days: DaysOfFiles) -> str:
    return f"its rows are of {days.ends[0]} to {days.ends[-1]}" if days.ends else ""
