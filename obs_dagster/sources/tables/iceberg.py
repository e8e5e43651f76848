"""Iceberg, through `pyiceberg`.

It knows hidden partitions, deletes by position, deletion vectors and changed schemas, and refuses the rest.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.tables.iceberg_catalog import loaded
from obs_dagster.sources.tables.library import is_gone, need, one_line
from obs_dagster.sources.tables.picked import Between, Equal, Outside, Picked
from obs_dagster.sources.tables.snapshot import DataFile, Snapshot, TablePlace

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.table import DataScan, FileScanTask, Table
    from pyiceberg.types import NestedField

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: The snapshot of a table that nobody has written to.
_NONE = "none"


@dataclass(frozen=True, slots=True)
class IcebergSnapshot:
    """An Iceberg table at one snapshot (see `Snapshot` for what each method is for)."""

    place: TablePlace
    name: SnapshotName
    _table: Table = field(repr=False, compare=False)
    _files: dict[str, Sequence[DataFile]] = field(default_factory=dict, repr=False, compare=False)

    def _scan(self, picked: Picked = None, columns: Sequence[str] | None = None) -> DataScan:
        chosen = ("*",) if columns is None else tuple(columns)
        # a table that is read as it is has its present columns, which may be newer than its last rows
        number = int(self.name.id) if self.place.pinned else None
        scan = self._table.scan(selected_fields=chosen, snapshot_id=number)
        return scan if picked is None else scan.filter(_expression(picked))

    def schema(self) -> pa.Schema:
        """The one that the snapshot was written with."""
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        with _told(self.place):
            return schema_to_pyarrow(self._scan().projection(), include_field_ids=False)

    def files(self, column: str) -> Sequence[DataFile]:
        """The entries of the manifests, with their bounds."""
        if column not in self._files:
            with _told(self.place):
                scan = self._scan()
                known = scan.projection()
                found = known.find_field(column) if column in known.column_names else None
                self._files[column] = [_described(task, found) for task in scan.plan_files()]
        return self._files[column]

    def batches(self, picked: Picked, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """By pyarrow, of the files that the manifests' partitions and bounds leave."""
        import pyarrow as pa
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        with _told(self.place):
            scan = self._scan(picked, columns)
            schema = schema_to_pyarrow(scan.projection(), include_field_ids=False)
            return pa.RecordBatchReader.from_batches(schema, _rows(scan, schema))

    def unreadable(self, error: Exception) -> SourceError:
        """Says of files that are gone that the snapshot has expired."""
        return _unreadable(self.place, error, self.name.id)


def open_iceberg(place: TablePlace, known: Snapshot | None) -> Snapshot:
    """An Iceberg table at a snapshot (see `Opener`)."""
    need("pyiceberg", "iceberg", place)
    with _told(place):
        table = loaded(place)
        wanted = _wanted(place, table)
        if known is not None and known.name.id == wanted.id:
            return known
        return IcebergSnapshot(place, wanted, table)


def _wanted(place: TablePlace, table: Table) -> SnapshotName:
    """The snapshot that the monitor asks for.

    Raises:
        SourceError: there is none of that name, or none as old.
    """
    if place.as_of is not None:
        found = table.snapshot_as_of_timestamp(int(place.as_of.timestamp() * 1000))
    elif isinstance(place.snapshot, int):
        found = table.snapshot_by_id(place.snapshot)
    elif place.snapshot is not None:
        found = table.snapshot_by_name(place.snapshot)
    else:
        found = table.current_snapshot()
        if found is None:
            return SnapshotName(place.name, _NONE)
    if found is None:
        there = [str(each.snapshot_id) for each in table.snapshots()][-5:]
        raise SourceError(
            f"{place.name} has no snapshot for `{place.pinned}`; the last ones that it has are "
            f"{', '.join(there) or 'none'}.",
            remedy="It may have expired: name a later one, or leave the key out. A tag keeps a snapshot "
            "(`ALTER TABLE … CREATE TAG`), `history.expire.max-snapshot-age-ms` keeps all so long.",
        )
    made = dt.datetime.fromtimestamp(found.timestamp_ms / 1000, dt.UTC)
    return SnapshotName(place.name, str(found.snapshot_id), made)


def _rows(scan: DataScan, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows of one file after the other, batch by batch.

    The scan's own reader collects all batches of a file, and of several files ahead: memory would grow with
    the size of files, so the step below it is taken, which gives each batch as it is read.
    """
    from pyiceberg.io.pyarrow import ArrowScan, _read_all_delete_files

    reader = ArrowScan(
        scan.table_metadata, scan.io, scan.projection(), scan.row_filter, scan.case_sensitive, scan.limit
    )
    for task in scan.plan_files():
        deleted = _read_all_delete_files(scan.io, [task])
        for batch in reader._record_batches_from_scan_tasks_and_deletes([task], deleted):  # noqa: SLF001
            yield batch.cast(schema)


def _described(task: FileScanTask, column: NestedField | None) -> DataFile:
    file = task.file
    deletes = sorted((each.file_path, each.file_size_in_bytes) for each in task.delete_files)
    digest = hashlib.sha256(repr(deletes).encode()).hexdigest()[:16] if deletes else ""
    content = f"{file.file_size_in_bytes} {digest}".strip()
    low = high = nulls = None
    if column is not None:
        ends = (_bound(bounds, column) for bounds in (file.lower_bounds, file.upper_bounds))
        low, high = ends
        nulls = (file.null_value_counts or {}).get(column.field_id)
        if low is None or high is None:
            low = high = None
    return DataFile(file.file_path, low, high, file.record_count, nulls, content)


def _bound(bounds: Mapping[int, bytes] | None, column: NestedField) -> Any:
    """An end of what the values lie between; None if the file does not say."""
    from pyiceberg import types
    from pyiceberg.conversions import from_bytes

    written = (bounds or {}).get(column.field_id)
    if written is None or not isinstance(column.field_type, types.PrimitiveType):
        return None
    kind = column.field_type
    value: Any = from_bytes(kind, written)
    if isinstance(kind, types.TimestamptzType | types.TimestampType):
        moment = _EPOCH + dt.timedelta(microseconds=value)
        return moment if isinstance(kind, types.TimestamptzType) else moment.replace(tzinfo=None)
    if isinstance(kind, types.TimestamptzNanoType | types.TimestampNanoType):
        moment = _EPOCH + dt.timedelta(microseconds=value // 1000)
        return moment if isinstance(kind, types.TimestamptzNanoType) else moment.replace(tzinfo=None)
    if isinstance(kind, types.DateType):
        return _EPOCH.date() + dt.timedelta(days=value)
    return value


def _expression(picked: Between | Outside | Equal) -> BooleanExpression:
    from pyiceberg import expressions

    # they take values by position, which its types do not tell
    make: Any = expressions
    name = picked.column
    found: BooleanExpression
    if isinstance(picked, Equal):
        found = make.EqualTo(name, picked.value)
        return found
    low, high = _literal(picked.low), _literal(picked.high)
    if isinstance(picked, Between):
        found = make.And(make.GreaterThanOrEqual(name, low), make.LessThan(name, high))
    else:
        beyond = make.Or(make.LessThan(name, low), make.GreaterThanOrEqual(name, high))
        found = make.Or(beyond, make.IsNull(name))
    return found


def _literal(value: Any) -> Any:
    """Times as texts, which are read as the column's own type."""
    return value.isoformat() if isinstance(value, dt.date) else value


@contextmanager
def _told(place: TablePlace) -> Iterator[None]:
    """Errors of the library as ours: those of catalogs, stores and readers have no kind in common."""
    try:
        yield
    except ObsError:
        raise
    except Exception as error:  # noqa: BLE001  each catalog and each store has exceptions of its own
        raise _unreadable(place, error) from None


def _unreadable(place: TablePlace, error: Exception, snapshot: str = "") -> SourceError:
    from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

    said = one_line(error)
    if isinstance(error, NoSuchTableError | NoSuchNamespaceError):
        return SourceError(
            f"There is no table {place.name}.",
            remedy=f"Correct `{place.section}.table` in the monitor, or the catalog, `{place.section}.path`.",
        )
    if "equality delete" in said.lower():
        return SourceError(
            f"{place.name} has deletes by equality, as streams write them, which pyiceberg cannot read.",
            remedy="Let its engine rewrite the files first (`CALL system.rewrite_data_files(…)`), or read "
            "the table through a query engine with `source: ibis`.",
        )
    if snapshot and is_gone(error):
        key = f"`{place.pinned}`" if place.pinned else ""
        return SourceError(
            f"Snapshot {snapshot} of {place.name} has files that are gone: {said}",
            remedy="It has expired: "
            + (f"correct {key} to a later one, or leave it out for the newest; " if key else "run again; ")
            + "`history.expire.max-snapshot-age-ms` of the table says how long snapshots are kept.",
        )
    return SourceError(
        f"Cannot read the Iceberg table {place.name}: {said}",
        remedy=f"Check `{place.section}.path` and `{place.section}.options` of the monitor, that the catalog "
        "and the store can be reached, and their credentials; then run again. What was evaluated before "
        "stays as it was.",
    )
