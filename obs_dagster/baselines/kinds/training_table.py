"""`kind: training_table`: each version's own training data, in one table of Delta Lake or Iceberg."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from obs_dagster.baselines.kinds.training import TrainingBaseline
from obs_dagster.monitor.choice import NameOf
from obs_dagster.monitor.data import Snapshot as SnapshotKey
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.path_key import PathKey
from obs_dagster.monitor.source import SOURCES, HasSnapshots
from obs_dagster.scratch import scratch
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.reading import reading_of_training
from obs_dagster.sources.tables.days_of_files import stamped
from obs_dagster.sources.tables.fetching import fetched
from obs_dagster.sources.tables.picked import Equal, Picked
from obs_dagster.sources.tables.pins import snapshot_of
from obs_dagster.sources.tables.snapshot import DataFile, Snapshot, TablePlace
from obs_dagster.sources.tables.table_source import TableSource

if TYPE_CHECKING:
    import duckdb


def _has_snapshots(source: object) -> bool:
    return isinstance(source, HasSnapshots)


@dataclass(frozen=True, slots=True)
class TrainingRows(SourceFiles):
    """A version's rows of a table, which are fetched once somebody reads them.

    Attributes:
        stamp: changes when the table's files do that may have such rows.
        fetch: writes them to a file.
    """

    stamp: str = ""
    fetch: Callable[[Path], None] = lambda _: None

    def fingerprint(self) -> str:
        """Changes with the table's files, none of which is opened for that."""
        return self.stamp

    def parts(self, connection: duckdb.DuckDBPyConnection, most: int | None = None) -> list[Part]:
        """The rows of the files, which are made if they are not there yet."""
        for file in self.files:
            if not file.exists():
                self.fetch(file)
        return SourceFiles.parts(self, connection, most)


class TrainingTableBaseline(TrainingBaseline):
    """Compare each version with its own training data, in a table that says the version of each row."""

    paths: ClassVar[tuple[PathKey, ...]] = ()

    kind: Literal["training_table"] = "training_table"  # type: ignore[assignment]
    source: Annotated[str, NameOf(SOURCES, _has_snapshots)] = Field(
        default="delta", description="The kind of the table."
    )
    # no key of a table
    csv: ClassVar[None] = None  # type: ignore[misc]
    path: str = Field(
        description="The table's folder, or the URL of its catalog, as in `logs`. Columns are named as in "
        "the log, that of the version among them; the label column, where present, as in the labels."
    )
    table: str | None = Field(
        default=None, min_length=1, description="With a catalog of `iceberg`: the table."
    )
    snapshot: SnapshotKey | None = Field(default=None, description="The state that is read, as in `logs`.")
    as_of: dt.datetime | None = Field(default=None, description="Instead: a time, as in `logs`.")
    options: dict[str, str] = Field(default_factory=dict, description="As in `logs`.")

    def why_none(self, version: str, day: dt.date) -> str:
        """That the version has no training rows."""
        del day
        return f"there are no training rows of version {version} in {self.place()}"

    def place(self) -> str:
        """The table, with the names of variables only."""
        return f"{self.table} of {self.path}" if self.table else self.path

    def _files(self, monitor: Monitor) -> dict[str, SourceFiles]:
        """The rows of every version that the table has, by version."""
        source = cast("TableSource", SOURCES.named(self.source))
        place = TablePlace.of(monitor, self, source, "baseline")
        snapshot = snapshot_of(place, source.open)
        column, constant = monitor.logs.columns.version, monitor.logs.version
        found: dict[str, tuple[Picked, str]] = {}
        if constant is not None and column not in snapshot.schema().names:
            found[constant] = None, stamped(snapshot.files(column))
        else:
            found = {
                str(value): (Equal(column, value), stamped(_of(snapshot.files(column), value)))
                for value in _versions(snapshot, column)
            }
        reading, roles = reading_of_training(monitor), monitor.logs.columns
        order = (roles.time, roles.prediction_id)
        files = {version: _kept(snapshot, version, stamp) for version, (_, stamp) in found.items()}
        # the grids are those of all versions, so a source may be asked for the files of others
        fetch = partial(_fetch, snapshot, {files[each]: picked for each, (picked, _) in found.items()}, order)
        return {
            version: TrainingRows("parquet", self.place(), (files[version],), reading, stamp, fetch)
            for version, (_, stamp) in sorted(found.items())
        }


BASELINE = TrainingTableBaseline


def _of(files: Any, value: Any) -> list[DataFile]:
    """The files that may have a value."""
    return [file for file in files if file.low is None or file.low <= value <= file.high]


def _versions(snapshot: Snapshot, column: str) -> tuple[Any, ...]:
    """The values of the column of versions; it alone is read."""
    with connect() as connection:
        connection.register("rows", snapshot.batches(None, [column]))
        found = connection.sql("SELECT DISTINCT COLUMNS(*) AS value FROM rows WHERE COLUMNS(*) IS NOT NULL")
        return tuple(value for (value,) in found.fetchall())


def _kept(snapshot: Snapshot, version: str, stamp: str) -> Path:
    name = hashlib.sha256(f"{snapshot.name.table}\0{version}\0{stamp}".encode()).hexdigest()[:16]
    return scratch() / f"training-{name}.parquet"


def _fetch(snapshot: Snapshot, picked: Mapping[Path, Picked], order: Sequence[str], target: Path) -> None:
    with fetched(snapshot, [picked[target]], order, scratch()) as rows:
        shutil.move(rows.files[0], target)
