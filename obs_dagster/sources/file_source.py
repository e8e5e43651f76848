"""Logs and labels in files: a log's are by day, labels' are old and new ones together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.day_log import beside, may_be_by_time
from obs_dagster.sources.divided import rows_of
from obs_dagster.sources.file_stamp import fingerprint
from obs_dagster.sources.files import SourceFiles, stamp
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.log_path import LogPath
from obs_dagster.sources.reading import reading_of_labels
from obs_dagster.store import place


@dataclass(frozen=True, slots=True)
class KnownDays:
    """The days that a log has, as far as that is known without reading rows.

    Attributes:
        days: ascending.
        others: what stands in the place of a day elsewhere.
    """

    days: Sequence[dt.date]
    others: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files of one format (see `Source` for what each method is for)."""

    format: FileFormat
    asset: Literal["file"] = "file"
    label_unit: str = "files"

    @property
    def name(self) -> str:
        """The name of the format."""
        return self.format.name

    @property
    def of_files(self) -> bool:
        """It is one of files."""
        return True

    @property
    def reads_table(self) -> bool:
        """Files are in no table."""
        return False

    def place(self, section: Logs | Labels) -> str:
        """The path as the monitor has it."""
        return section.path

    def day(self, monitor: Monitor, day: dt.date, folder: Path) -> AbstractContextManager[SourceFiles]:
        """The files that the day names, where they are; its rows of files that have many days."""
        del folder
        return nullcontext(self._rows(monitor, day))

    def stamp(self, monitor: Monitor, day: dt.date) -> str:
        """Changes with the day's files, and with those beside it where rows of the day may be in them."""
        days = (day, *beside(day)) if may_be_by_time(monitor, day) else (day,)
        stamps = [each for named in days for each in self._rows(monitor, named).stamps()]
        return fingerprint(stamps) if stamps else ""

    def days(self, monitor: Monitor) -> KnownDays | None:
        """The days that files name; None if they have rows of many days."""
        path = LogPath.of(monitor)
        return KnownDays(*path.days()) if path.period is Period.DAY else None

    def _rows(self, monitor: Monitor, day: dt.date) -> SourceFiles:
        path = LogPath.of(monitor)
        return path.files([day]) if path.period is Period.DAY else rows_of(monitor, path.around(day), day)

    def label_stamps(self, monitor: Monitor, labels: Labels) -> dict[str, str]:
        """The files, with size and time of each."""
        source = SourceFiles.find(self.name, monitor.resolve_path(labels.path))
        return {str(file): _stamp(file) for file in source.files}

    @contextmanager
    def labels(
        self, monitor: Monitor, labels: Labels, names: Sequence[str], folder: Path
    ) -> Iterator[Sequence[SourceFiles]]:
        """Each file alone, in order."""
        del folder
        reading = reading_of_labels(monitor, labels)
        yield [SourceFiles(self.name, labels.path, (place(name),), reading) for name in names]


def _stamp(file: Path) -> str:
    try:
        return stamp(file)
    except OSError:
        # reading it says why
        return ""
