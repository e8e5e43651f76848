"""A format of files: its name in the monitor, and what reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from obs_dagster.kinds import KindError
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.source import SOURCES, of_files
from obs_dagster.sources.formats.part import JoinedReader, Reader


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of files.

    Attributes:
        name: as the monitor names it.
        read: turns files into parts of like columns.
        suffixes: how names of such files end, before `.gz` if they are compressed.
        read_as: makes a reader of files that are written in a dialect; None if the format has none.
        joined: reads files in which one row may have its halves in two of them; None if rows are whole.
    """

    name: str
    read: Reader
    suffixes: tuple[str, ...] = ()
    read_as: Callable[[CsvDialect], Reader] | None = None
    joined: JoinedReader | None = None

    def reader(self, dialect: CsvDialect | None) -> Reader:
        """What reads files that are written in a dialect, or as most are."""
        return self.read if dialect is None or self.read_as is None else self.read_as(dialect)

    @property
    def has_dialects(self) -> bool:
        """Whether the key `csv` is about its files."""
        return self.read_as is not None

    @property
    def of_files(self) -> bool:
        """A format is one of files."""
        return True

    @property
    def reads_table(self) -> bool:
        """Files are in no table."""
        return False


def file_format(name: str) -> FileFormat:
    """The format of a name.

    Raises:
        KindError: there is no such format; the message lists those that there are.
    """
    known = SOURCES.all()
    found = known.get(name)
    if not isinstance(found, FileFormat):
        formats = ", ".join(each for each, source in known.items() if of_files(source))
        raise KindError(f"There is no format of files {name!r}.", remedy=f"Known: {formats}.")
    return found
