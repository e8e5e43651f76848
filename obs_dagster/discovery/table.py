"""A folder that is a table of Delta Lake or Iceberg: a sample of its rows, which its files would not give."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.layout import Layout
from obs_dagster.discovery.sample_rows import FILES, ROWS, spread
from obs_dagster.monitor.times import Times
from obs_dagster.scratch import scratch
from obs_dagster.sources.kinds import delta, iceberg
from obs_dagster.sources.tables.days_of_files import DaysOfFiles
from obs_dagster.sources.tables.fetching import fetched
from obs_dagster.sources.tables.picked import Between, Picked
from obs_dagster.sources.tables.snapshot import Snapshot, TablePlace
from obs_dagster.sources.tables.table_source import TableSource
from obs_dagster.sources.tables.time_column import TimeColumn

if TYPE_CHECKING:
    import pyarrow as pa

_ONE = dt.timedelta(days=1)
_DELTA, _ICEBERG = "_delta_log", "metadata/*.metadata.json"
_MOST_NAMED = 5


def table_at(place: str) -> Layout | None:
    """Rows of some days of the table that a folder is, from the first to the last; None if it is no table.

    Args:
        place: the folder.

    Raises:
        DiscoveryError: the folder has tables in it, and is none itself.
        SourceError: the table cannot be read, or what reads it is not installed.
    """
    folder = Path(place).expanduser().absolute()
    if not folder.is_dir():
        return None
    source = _kind(folder)
    if source is None:
        if below := _below(folder):
            more = f" and {len(below) - _MOST_NAMED} more" if len(below) > _MOST_NAMED else ""
            raise DiscoveryError(
                f"{folder} is a folder of tables: {', '.join(map(str, below[:_MOST_NAMED]))}{more}.",
                remedy="Name one of them.",
            )
        return None
    snapshot = source.open(TablePlace("logs", str(folder)), None)
    files = [(_kept(snapshot, picked, most), None) for picked, most in _some(snapshot)]
    return Layout(source.name, str(folder), tuple(files), kept="parquet")


def _kind(folder: Path) -> TableSource | None:
    if (folder / _DELTA).is_dir():
        return delta.SOURCE
    return iceberg.SOURCE if any(folder.glob(_ICEBERG)) else None


def _below(folder: Path) -> list[Path]:
    """Tables within a folder, as warehouses have them."""
    found = chain.from_iterable(
        ((each.parents[up], depth) for each in folder.glob(f"{depth}{pattern}"))
        for depth in ("*/", "*/*/")
        for pattern, up in ((_DELTA, 0), (_ICEBERG, 1))
    )
    return sorted({table for table, _ in islice(found, 1_000)})


def _some(snapshot: Snapshot) -> list[tuple[Picked, int]]:
    """Days of the table, and how many rows of each; its first rows where it has no column of times."""
    column = _time(snapshot.schema())
    days: Sequence[dt.date] = ()
    if column is not None:
        known = DaysOfFiles.of(snapshot.files(column.name), column, dt.UTC)
        days = sorted({*known.by_day, *known.ends})
    if column is None or not days:
        return [(None, ROWS * FILES)]
    return [
        (Between(column.name, *(column.value(_begin(each)) for each in (day, day + _ONE))), ROWS)
        for _, day in spread([(Path(), day) for day in days], FILES)
        if day is not None
    ]


def _begin(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _time(schema: pa.Schema) -> TimeColumn | None:
    """The first column of moments or days."""
    import pyarrow as pa

    for each in schema:
        if pa.types.is_timestamp(each.type) or pa.types.is_date(each.type):
            return TimeColumn.of(schema, each.name, Times(), where="", role="")
    return None


def _kept(snapshot: Snapshot, picked: Picked, most: int) -> Path:
    """Rows in a file that lasts as long as the process."""
    target = scratch() / f"table-{uuid4().hex}.parquet"
    with fetched(snapshot, [picked], (), scratch(), most=most) as rows:
        shutil.copyfile(rows.files[0], target)
    return target
