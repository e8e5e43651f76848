"""Source files: which there are, whether they changed, and how DuckDB reads each format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.content.protocol import calls_of_learned, register
from obs_dagster.cores import cores
from obs_dagster.errors import ObsError, SourceError
from obs_dagster.monitor.model import Monitor
from obs_dagster.scratch import scratch
from obs_dagster.sources.file_stamp import FileStamp, fingerprint
from obs_dagster.sources.formats.file_format import file_format
from obs_dagster.sources.formats.part import Part, UnreadableError, union_of
from obs_dagster.sources.matching import matching_files
from obs_dagster.sources.reading import PLAIN, Reading
from obs_dagster.sources.session_failure import not_the_input
from obs_dagster.sources.shown_path import shown_path
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.storage_fault import blames_storage, storage_fault
from obs_dagster.store import ObjectPath

if TYPE_CHECKING:
    import duckdb

STAYS = "What was evaluated before stays as it was."
"""The end of what is said of files that cannot be read."""
_AGAIN = f"Check that the file is complete and of that format, then run the day again. {STAYS}"
#: Megabytes that a session may hold at least, and for each of its threads.
_MEMORY, _THREAD_MEMORY = 768, 256


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The files that a path or glob of a monitor stands for, at this moment."""

    kind: str
    pattern: str
    files: tuple[Path, ...]
    reading: Reading = PLAIN

    @classmethod
    def find(cls, kind: str, pattern: str, reading: Reading | None = None) -> SourceFiles:
        """List the files; none is a legal answer (a day without rows).

        Raises:
            SourceError: what matches is no file, or a folder cannot be looked into.
        """
        return cls(kind, shown_path(pattern), tuple(matching_files(pattern)), reading or PLAIN)

    @property
    def elsewhere(self) -> str:
        """Where there are rows, if there are none here; empty if nobody knows."""
        return ""

    @property
    def snapshot(self) -> SnapshotName | None:
        """The state of the table that the rows are of; None of files, which have no such thing."""
        return None

    def only(self, files: Sequence[Path]) -> SourceFiles:
        """The same source, restricted to some of its files."""
        return replace(self, files=tuple(files))

    def beginning(self, files: int) -> SourceFiles:
        """The same source, restricted to so many of its files: the first and the last ones."""
        if len(self.files) <= files:
            return self
        return self.only([*self.files[: files // 2], *self.files[-(files - files // 2) :]])

    def stamps(self) -> tuple[FileStamp, ...]:
        """What each file is like at this moment.

        Raises:
            SourceError: a file is gone, or cannot be read.
        """
        stamps = []
        for file in self.files:
            try:
                stamps.append(FileStamp.of(file))
            except OSError as error:
                raise SourceError(
                    f"{file} cannot be read ({error.strerror}).",
                    remedy="Check that it is there, or removed for good, then run the day again; "
                    "what was evaluated before stays as it was.",
                ) from error
        return tuple(stamps)

    def fingerprint(self) -> str:
        """Changes when a file is added, removed or rewritten.

        Raises:
            SourceError: as `stamps`.
        """
        return fingerprint(self.stamps())

    def check(self, before: Sequence[FileStamp]) -> None:
        """Make sure, after rows were read, that no file changed since it was stamped.

        Raises:
            SourceError: a file was rewritten or is gone.
        """
        for was, now in zip(before, self.stamps(), strict=True):
            if not was.matches(now):
                raise SourceError(
                    f"{was.name} changed while it was read.",
                    remedy="Run the day again once the file is complete; what was evaluated before stays as "
                    "it was. Files that are written beside and then renamed are never seen half-written.",
                )

    def parts(self, connection: duckdb.DuckDBPyConnection, most: int | None = None) -> list[Part]:
        """The rows of all files, in parts of like columns: of Parquet lazily, of text from temporary tables.

        Args:
            connection: the session that reads them.
            most: rows of a part that are enough; left out: all.

        Raises:
            SourceError: a file is damaged, half-written or not of this format; the message names it, and of
                text the line.
        """
        import duckdb

        try:
            return list(self._parts(connection, most))
        except (duckdb.Error, UnreadableError) as error:
            raise self.unreadable(error) from error

    def _parts(self, connection: duckdb.DuckDBPyConnection, most: int | None) -> Iterator[Part]:
        """Files in a row that are of the same place are read together."""
        before = rows = 0
        for values, files in groupby(self.files, self.reading.place):
            for part in self._read(connection, list(files), most):
                moved = replace(part, row=f"{part.row} + {before}") if before else part
                yield self.reading.applied(connection, moved, dict(values))
                rows += part.rows
            before = rows

    def _read(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[Path], most: int | None
    ) -> list[Part]:
        return file_format(self.kind).reader(self.reading.csv)(connection, files, most)

    def relation(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
        """The rows of all files, columns matched by name; those of formats without types are text.

        Where files differ in the type of a column, it is text. Of names that differ by case alone the first
        one is there.

        Raises:
            SourceError: as `parts`.
        """
        parts = self.parts(connection)
        return connection.sql(union_of(parts) if parts else "SELECT NULL AS nothing LIMIT 0")

    def unreadable(self, error: Exception) -> ObsError:
        """The error for a reader that failed: names the file where the reader does, else the pattern.

        What is not about the files is not said of them: a disk that is full, memory that is used up.
        """
        if isinstance(error, UnreadableError):
            return SourceError(
                f"Cannot read {shown_path(str(error.file))} as {self.kind}: {error.cause}.",
                remedy=f"{error.remedy}. {STAYS}" if error.remedy else _AGAIN,
            )
        named = any(str(file) in str(error) for file in self.files)
        if not named and blames_storage(error) and (fault := storage_fault(error, scratch())):
            return fault
        if cause := not_the_input(error, self.files):
            return cause
        text = str(error).strip().splitlines()[0]
        place = next((str(file) for file in self.files if str(file) in text), "")
        if not place:
            place = str(self.files[0]) if len(self.files) == 1 else self.pattern
        return SourceError(f"Cannot read {shown_path(place)} as {self.kind}: {text}", remedy=_AGAIN)


def derived(relation: duckdb.DuckDBPyRelation, view: str, query: str) -> duckdb.DuckDBPyRelation:
    """The rows of a SELECT that knows a relation under the name `view`, lazily."""
    found = relation.query(view, query)
    if found is None:
        raise TypeError(f"not a query: {query}")
    return found


def stamp(file: Path) -> str:
    """Size and modification time of a file: enough to see that it was rewritten."""
    if isinstance(file, ObjectPath):
        found = file.stamped()
        return f"{found.size}-{found.tag.strip(chr(34))}"
    status = file.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB session of its own with a thread per core, in UTC, without progress bar and without network.

    What does not fit into its memory (256 MB a thread, 768 MB at least) goes to a folder of its own below the
    process's temporary folder, which is there only while it is needed.
    """
    import duckdb

    threads = cores()
    connection = duckdb.connect(
        config={
            "threads": str(threads),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "true",
            "temp_directory": str(scratch() / f"duckdb-{uuid4().hex}"),
        }
    )
    # a large buffer lets the database read ahead of who consumes a stream of batches
    connection.execute(
        "SET TimeZone = 'UTC'; SET enable_progress_bar = false; SET streaming_buffer_size = '128MB'; "
        f"SET memory_limit = '{max(_MEMORY, threads * _THREAD_MEMORY)}MB'"
    )
    if Monitor.any_content:
        register(connection, calls_of_learned(), fresh=True)
    if ObjectPath.known:
        from obs_dagster.store.duckdb_files import register as register_files

        register_files(connection)
    return connection
