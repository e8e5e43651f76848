"""What a source of logs and labels does, and which one a monitor has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol, cast, runtime_checkable

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.source import SOURCES, SourceName
from obs_dagster.sources.file_source import FileSource, KnownDays
from obs_dagster.sources.files import SourceFiles
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.snapshot_name import SnapshotName


class Source(SourceName, Protocol):
    """Gives the rows of a day, and labels that are new, as files that DuckDB reads.

    Attributes:
        asset: what its rows are in, as the asset graph shows it.
        label_unit: what labels are read by.
    """

    @property
    def asset(self) -> Literal["file", "table"]: ...  # noqa: D102

    @property
    def label_unit(self) -> str: ...  # noqa: D102

    def place(self, section: Logs | Labels) -> str:
        """Where the rows of a section are, without secrets."""

    def day(self, monitor: Monitor, day: dt.date, folder: Path) -> AbstractContextManager[SourceFiles]:
        """The rows of a day of the log, in files that are there while the block lasts; none is legal.

        The same rows come in the same order, and their stamps are the same if they are.

        Args:
            monitor: names the log.
            day: in the monitor's time zone.
            folder: where files may be written while the block lasts.

        Raises:
            SourceError: the rows cannot be read.
        """

    def stamp(self, monitor: Monitor, day: dt.date) -> str:
        """A text that changes when rows come to a day of the log; empty if the day has none.

        Raises:
            SourceError: that cannot be found out.
        """

    def days(self, monitor: Monitor) -> KnownDays | None:
        """The days that the log has; None if only reading them would tell.

        Raises:
            SourceError: that cannot be found out.
        """

    def label_stamps(self, monitor: Monitor, labels: Labels) -> Mapping[str, str]:
        """What there is of labels by name, with a text that changes with the labels in it.

        Raises:
            SourceError: that cannot be found out.
        """

    def labels(
        self, monitor: Monitor, labels: Labels, names: Sequence[str], folder: Path
    ) -> AbstractContextManager[Sequence[SourceFiles]]:
        """The labels that are in some of what there is.

        Args:
            monitor: the monitor that they are of.
            labels: the section of the monitor.
            names: keys of `label_stamps`.
            folder: where files may be written while the block lasts.

        Raises:
            SourceError: they cannot be read.
        """


@runtime_checkable
class Counted(Protocol):
    """A source that has counts of rows, and no row: others have reduced them."""

    def counted(self, monitor: Monitor, day: dt.date, lake: Lake, known: Lake) -> dict[str, Any]:
        """Keep what was counted of a day's rows in the lake.

        Args:
            monitor: names the source.
            day: the day.
            lake: keeps it.
            known: has the grids that counts have to be on, if they were fitted yet.

        Returns:
            The manifest of the day's partition of `inference_logs`, which has no rows.

        Raises:
            SourceError: the source cannot be read.
        """

    def counted_labels(self, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[dt.date, int]:
        """Keep what was counted of the labels of days; returns the days that changed, with labels.

        Raises:
            SourceError: the source cannot be read.
        """


@runtime_checkable
class OfSnapshots(Protocol):
    """A source that is read at one state of a table, which is recorded, so that it can be read again."""

    def read_at(self, monitor: Monitor, section: Logs | Labels) -> SnapshotName:
        """The state of the table that this night reads.

        Raises:
            SourceError: there is no such table or state, or it cannot be reached.
        """

    def look(
        self, monitor: Monitor, day: dt.date, folder: Path, most: int | None
    ) -> AbstractContextManager[SourceFiles]:
        """The rows of a day of the log, or so many of them, as `Source.day` gives them.

        Raises:
            SourceError: they cannot be read.
        """


@runtime_checkable
class CountsInPlace(Protocol):
    """A source that can count rows where they are, for an engine that leaves them there."""

    @property
    def counts(self) -> Counted:
        """What counts them."""


def counted_by(monitor: Monitor, section: Logs | Labels) -> Counted | None:
    """Who counts the rows of a section in the place of the lake; None if they come to the lake."""
    source = source_of(section)
    if isinstance(source, Counted):
        return source
    return source.counts if monitor.engine.rows_stay and isinstance(source, CountsInPlace) else None


def source_of(section: Logs | Labels) -> Source:
    """The source that a section of a monitor names: files of a format, or what finds rows in its own way.

    Raises:
        KindError: there is no such source.
    """
    found = SOURCES.named(section.source)
    return FileSource(found) if isinstance(found, FileFormat) else cast("Source", found)
