"""Rows of a table in a file for the time being, in an order that does not depend on how the table lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_dagster.errors import ObsError
from obs_dagster.lake.leftovers import mark
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.sources.files import connect
from obs_dagster.sources.reading import PLAIN, Reading
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.tables.picked import Picked
from obs_dagster.sources.tables.snapshot import Snapshot
from obs_dagster.sources.warehouse import FetchedRows, content_of
from obs_dagster.storage_fault import blames_storage, storage_fault


@dataclass(frozen=True, slots=True)
class TableRows(FetchedRows):
    """Rows of a table at a snapshot.

    Attributes:
        read_at: the snapshot.
        others: the first and the last day that the table has, as people read them; empty if nobody knows.
    """

    read_at: SnapshotName | None = None
    others: str = ""

    @property
    def elsewhere(self) -> str:
        """The days that the table does have."""
        return self.others

    @property
    def snapshot(self) -> SnapshotName | None:
        """The state of the table."""
        return self.read_at


@contextmanager
def fetched(
    snapshot: Snapshot,
    picked: Sequence[Picked],
    order: Sequence[str],
    folder: Path,
    reading: Reading = PLAIN,
    *,
    columns: Sequence[str] | None = None,
    most: int | None = None,
) -> Iterator[TableRows]:
    """The rows that are asked for, in a Parquet file; memory is bounded, for what does not fit is spilled.

    Rows are ordered by columns, and rows that are alike in these by all that they say: a table that was
    compacted, or whose files are listed in another order, gives the same file.

    Args:
        snapshot: the table.
        picked: which rows; those of each, one after the other.
        order: the columns that order them; those that the table lacks are passed over.
        folder: where the file may be written while the block lasts.
        reading: what the monitor says of the rows.
        columns: only these; left out: all.
        most: rows that are enough for a look; left out: all.

    Raises:
        SourceError: the table cannot be read.
    """
    there = set(snapshot.schema().names)
    by = [f"fetched.{identifier(name)}" for name in order if name in there]
    first = "" if most is None else f" LIMIT {most}"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".fetched-{mark()}-", dir=folder) as name:
        path = Path(name) / "rows.parquet"
        try:
            with connect() as connection:
                for number, each in enumerate(picked):
                    connection.register(f"read_{number}", snapshot.batches(each, columns))
                rows = " UNION ALL ".join(f"(FROM read_{number}{first})" for number in range(len(picked)))
                connection.execute(
                    f"COPY (SELECT * FROM ({rows}) AS fetched ORDER BY "
                    f"{', '.join([*by, 'hash(fetched)'])}) TO {literal(str(path))} (FORMAT parquet)"
                )
        except ObsError:
            raise
        except Exception as error:  # noqa: BLE001  what the reader raises comes through DuckDB, as whatever it is
            raise _told(snapshot, error, folder) from None
        at = snapshot.name
        yield TableRows("parquet", at.table, (path,), reading, at.table, content_of(path), at)


def _told(snapshot: Snapshot, error: Exception, folder: Path) -> ObsError:
    if blames_storage(error) and (fault := storage_fault(error, folder)):
        return fault
    return snapshot.unreadable(error)


def nothing(snapshot: Snapshot, others: str = "") -> TableRows:
    """No rows, of a table that has none that are asked for."""
    return TableRows(
        "parquet", snapshot.name.table, (), PLAIN, snapshot.name.table, "", snapshot.name, others
    )
