"""Delta Lake, through delta-rs (`deltalake`): it knows deletion vectors, column mapping, changed schemas."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.sources.snapshot_name import SnapshotName
from obs_dagster.sources.tables.library import endpoint, filled, is_gone, need, one_line, options_of
from obs_dagster.sources.tables.picked import Between, Equal, Outside, Picked
from obs_dagster.sources.tables.snapshot import DataFile, Snapshot, TablePlace
from obs_dagster.store import place as place_of

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

_DELETIONS = "deletionVectors"
_PHYSICAL = "delta.columnMapping.physicalName"
#: Statistics are written to the millisecond, and the greatest value may have been cut off.
_CUT = dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class DeltaSnapshot:
    """A Delta table at one version (see `Snapshot` for what each method is for)."""

    place: TablePlace
    name: SnapshotName
    _table: DeltaTable = field(repr=False, compare=False)
    _files: dict[str, Sequence[DataFile]] = field(default_factory=dict, repr=False, compare=False)

    def schema(self) -> pa.Schema:
        """As the table's metadata have it."""
        import pyarrow as pa

        with _told(self.place):
            return pa.schema(self._table.schema().to_arrow())

    def files(self, column: str) -> Sequence[DataFile]:
        """The `add` actions of the log, with their statistics and the values of their partition."""
        if column not in self._files:
            with _told(self.place):
                self._files[column] = list(self._described(column))
        return self._files[column]

    def _described(self, column: str) -> Iterator[DataFile]:
        import pyarrow as pa

        actions = pa.table(self._table.get_add_actions(flatten=True))
        names = (column, self._written_as(column))
        lows, highs, nulls = (
            _column(actions, [f"{kind}.{name}" for name in names]) for kind in ("min", "max", "null_count")
        )
        partition = _column(actions, [f"partition.{name}" for name in names])
        lows, highs = (lows or partition), (highs or partition)
        unknown = [None] * actions.num_rows
        deleted = self._deletions()
        for path, size, rows, low, high, without in zip(
            *(actions[name].to_pylist() for name in ("path", "size_bytes", "num_records")),
            lows or unknown,
            highs or unknown,
            nulls or unknown,
            strict=True,
        ):
            known = low is not None and high is not None
            yield DataFile(
                path,
                low if known else None,
                (high + _CUT if isinstance(high, dt.datetime) else high) if known else None,
                rows,
                without,
                f"{size} {deleted.get(path, '')}".strip(),
            )

    def _written_as(self, column: str) -> str:
        """What a column is called in files and statistics, which stays when the table's is renamed."""
        written = next((each for each in self._table.schema().fields if each.name == column), None)
        return str((written.metadata if written else {}).get(_PHYSICAL, column))

    def _deletions(self) -> Mapping[str, str]:
        """What changes with the deleted rows of files that have such, by path."""
        import pyarrow as pa

        if _DELETIONS not in (self._table.protocol().reader_features or ()):
            return {}
        found: dict[str, str] = {}
        root = self._table.table_uri.rstrip("/")
        for batch in pa.RecordBatchReader.from_stream(self._table.deletion_vectors()):
            for path, kept in zip(batch["filepath"], batch["selection_vector"], strict=True):
                bits = bytes(kept.values.to_numpy(zero_copy_only=False))
                name = path.as_py().removeprefix(root).lstrip("/")
                found[name] = hashlib.sha256(bits).hexdigest()[:16]
        return found

    def batches(self, picked: Picked, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """By DataFusion, which leaves out files by the statistics of the log."""
        import pyarrow as pa

        with _told(self.place):
            names = None if columns is None else list(columns)
            predicate = _predicate(picked, self.schema())
            return pa.RecordBatchReader.from_stream(self._table.scan(columns=names, predicate=predicate))

    def unreadable(self, error: Exception) -> SourceError:
        """Says of files that are gone that VACUUM has removed them."""
        return _unreadable(self.place, error, self.name.id)


def open_delta(place: TablePlace, known: Snapshot | None) -> Snapshot:
    """A Delta table at a version (see `Opener`)."""
    need("deltalake", "delta", place)
    from deltalake import DeltaTable

    if known is not None and isinstance(place.snapshot, int):
        return known
    server, plain = endpoint()
    options = ({"AWS_ALLOW_HTTP": "true"} if plain else {}) | ({"AWS_ENDPOINT_URL": server} if server else {})
    options = (options if place.path.startswith("s3") else {}) | options_of(place)
    with _told(place):
        version = place.snapshot if isinstance(place.snapshot, int) else None
        table = DeltaTable(filled(place.path), version=version, storage_options=options or None)
        if place.as_of is not None:
            table.load_as_version(place.as_of)
        if known is not None and known.name.id == str(table.version()):
            return known
        name = SnapshotName(place.name, str(table.version()), _made(place, table.version()))
        return DeltaSnapshot(place, name, table)


def _made(place: TablePlace, version: int) -> dt.datetime | None:
    """When a version was written; None if its entry of the log is gone, or cannot be read by itself."""
    # not by the library's `history`: it keeps all threads of the program waiting for the store
    try:
        entry = (place_of(place.path) / "_delta_log" / f"{version:020}.json").read_text(encoding="utf-8")
        actions = map(json.loads, entry.splitlines())
        told: Mapping[str, Any] = next((each["commitInfo"] for each in actions if "commitInfo" in each), {})
    except (ObsError, OSError, ValueError):
        return None
    written = told.get("timestamp")
    return dt.datetime.fromtimestamp(written / 1000, dt.UTC) if isinstance(written, int) else None


@contextmanager
def _told(place: TablePlace) -> Iterator[None]:
    """Errors of the library as ours: it has many kinds of them, and panics of its engine are others still."""
    try:
        yield
    except ObsError:
        raise
    except Exception as error:  # noqa: BLE001  the engine's errors are no kind of their own
        raise _unreadable(place, error) from None


def _unreadable(place: TablePlace, error: Exception, version: str = "") -> SourceError:
    from deltalake.exceptions import TableNotFoundError

    said = one_line(error)
    if isinstance(error, TableNotFoundError):
        return SourceError(
            f"There is no Delta table at {place.path}.",
            remedy=f"Correct `{place.section}.path` in the monitor: it is the folder that has `_delta_log`.",
        )
    if place.pinned and not version:
        return SourceError(
            f"{place.name} cannot be read at `{place.pinned}`: {said}",
            remedy="If the log of that version was cleaned up, nobody can read it any more: name a later "
            "one, or leave the key out. `delta.logRetentionDuration` says how long versions are kept.",
        )
    if version and is_gone(error):
        return SourceError(
            f"Version {version} of {place.name} has files that are gone: {said}",
            remedy="VACUUM removed them: "
            + (
                f"correct `{place.pinned}` to a later version, or leave it out for the newest; "
                if place.pinned
                else "run again, which reads the newest version; "
            )
            + "`delta.deletedFileRetentionDuration` says how long files are kept.",
        )
    return SourceError(
        f"Cannot read the Delta table {place.name}: {said}",
        remedy="Check that it can be reached, its credentials in the environment or in "
        f"`{place.section}.options`, and that the table is whole; then run again. What was evaluated before "
        "stays as it was.",
    )


def _column(actions: pa.Table, names: Sequence[str]) -> Sequence[Any]:
    """The first column of some names that there is; empty if there is none."""
    found = next((name for name in names if name in actions.column_names), None)
    return actions[found].to_pylist() if found else []


def _predicate(picked: Picked, schema: pa.Schema) -> str | None:
    """The rows that are asked for, as DataFusion's SQL."""
    if picked is None:
        return None
    name = identifier(picked.column)
    kind = schema.field(picked.column).type
    if isinstance(picked, Equal):
        return f"{name} = {_literal(picked.value, kind)}"
    low, high = _literal(picked.low, kind), _literal(picked.high, kind)
    if isinstance(picked, Between):
        return f"{name} >= {low} AND {name} < {high}"
    if isinstance(picked, Outside):
        return f"{name} < {low} OR {name} >= {high} OR {name} IS NULL"
    raise TypeError(picked)


def _literal(value: Any, kind: pa.DataType) -> str:
    """A value of a column's type, exactly: texts of times would be compared as texts."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        zone = f'Some("{kind.tz}")' if kind.tz else "None"
        return f"arrow_cast({literal(value.isoformat())}, 'Timestamp(Microsecond, {zone})')"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    return str(value) if isinstance(value, int | float) else literal(str(value))
