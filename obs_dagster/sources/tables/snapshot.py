"""A table at one snapshot: what every kind of table can be asked."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.source import HasSnapshots
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.tables.picked import Picked

if TYPE_CHECKING:
    import pyarrow as pa

    from obs_dagster.errors import SourceError


class TableKeys(Protocol):
    """The keys by which a section of a monitor names a table (see `Logs`)."""

    @property
    def path(self) -> str: ...  # noqa: D102

    @property
    def table(self) -> str | None: ...  # noqa: D102

    @property
    def snapshot(self) -> int | str | None: ...  # noqa: D102

    @property
    def as_of(self) -> dt.datetime | None: ...  # noqa: D102

    @property
    def options(self) -> Mapping[str, str]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A table as a monitor names it, and the snapshot that it asks for.

    Attributes:
        section: the part of the monitor that names it.
        path: where the table is, absolute, or the URL of its catalog, with its `${NAME}`.
        table: its name in the catalog; empty if `path` is the table's own.
        snapshot: the name of the snapshot; None for the newest one.
        as_of: the time whose newest snapshot is meant, instead.
        options: what else the store or the catalog is told, with its `${NAME}`.
    """

    section: str
    path: str
    table: str = ""
    snapshot: int | str | None = None
    as_of: dt.datetime | None = None
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        monitor: Monitor,
        section: TableKeys,
        source: HasSnapshots,
        name: Literal["logs", "labels", "baseline"],
    ) -> TablePlace:
        """The table of a section of a monitor."""
        path = section.path
        if not source.in_catalog(path):
            path = monitor.resolve_path(path)
            # libraries take `..` for the name of a folder
            path = path if "://" in path else os.path.normpath(path)
        as_of = section.as_of
        if as_of is not None and as_of.tzinfo is None:
            as_of = as_of.replace(tzinfo=dt.UTC)
        options = tuple(sorted(section.options.items()))
        return cls(name, path, section.table or "", section.snapshot, as_of, options)

    @property
    def name(self) -> str:
        """What people call it: with the names of a URL's variables only."""
        return f"{self.table} of {self.path}" if self.table else self.path

    @property
    def pinned(self) -> str:
        """How the monitor says which snapshot is read; empty if it leaves that open."""
        if self.snapshot is not None:
            return f"{self.section}.snapshot: {self.snapshot}"
        return f"{self.section}.as_of: {self.as_of.isoformat()}" if self.as_of else ""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of a table, and what is known of a column in it without opening it.

    Attributes:
        name: its path.
        low, high: the ends of what the values lie between; both None if nobody knows.
        rows: how many rows it has, deleted ones included; None if nobody knows.
        nulls: how many of them have no value; None if nobody knows.
        content: changes with the rows that are read of it: its size, and what was deleted of it.
    """

    name: str
    low: Any = None
    high: Any = None
    rows: int | None = None
    nulls: int | None = None
    content: str = ""


class Snapshot(Protocol):
    """A table at one snapshot; nothing that is written meanwhile is seen.

    Attributes:
        name: which one it is.
    """

    @property
    def name(self) -> SnapshotName: ...  # noqa: D102

    def schema(self) -> pa.Schema:
        """The table's columns at the snapshot.

        Raises:
            SourceError: it cannot be read.
        """

    def files(self, column: str) -> Sequence[DataFile]:
        """The files, with what is known of a column; none of them is opened.

        Raises:
            SourceError: the table's log cannot be read.
        """

    def batches(self, picked: Picked, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """The rows that are asked for, batch by batch; files that have none of them are not opened.

        Args:
            picked: which rows.
            columns: only these columns; left out: all.

        Raises:
            SourceError: the table cannot be read, or has something that this reader does not know.
        """

    def unreadable(self, error: Exception) -> SourceError:
        """The error for rows whose reading failed."""


class Opener(Protocol):
    """Opens tables of one kind."""

    def __call__(self, place: TablePlace, known: Snapshot | None) -> Snapshot:
        """The table at the snapshot that the monitor asks for, or else the newest one.

        Args:
            place: the table.
            known: what was opened of it before, which is given back if it is the same snapshot.

        Raises:
            SourceError: there is no such table or snapshot, it cannot be reached, or the library is not
                installed.
            ObsError: a variable is not set.
        """
