"""A log that is a table of a warehouse, read through Ibis: the day's rows come as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import environment, expand, variables
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.quoting import literals
from obs_dagster.sources.schema import declared_types

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

#: Rows that are held in memory at once.
_BATCH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class FetchedRows(SourceFiles):
    """Rows of a table, in a file for the time being.

    Attributes:
        table: the name of the table.
        content: changes with the rows, whatever order they came in.
    """

    table: str
    content: str

    @property
    def origins(self) -> list[str]:
        """The table; the file is not there for long."""
        return [self.table]

    def fingerprint(self) -> str:
        """Changes when a row is added, removed or changed."""
        return self.content


@contextmanager
def fetched_day(monitor: Monitor, day: dt.date, folder: Path) -> Iterator[FetchedRows]:
    """Fetch the rows of a day in the monitor's time zone, which the warehouse picks by the time column.

    Rows come in batches and in the order of their time, so that memory is bounded and a day that is fetched
    twice is the same day. Of columns that the monitor doesn't declare, only those of plain types come along.

    Args:
        monitor: names the warehouse, the table and the columns.
        day: the day.
        folder: where the file may be written while the block lasts.

    Raises:
        SourceError: the warehouse cannot be read, the table has no time column of a timestamp type, or Ibis
            is not installed.
        ObsError: a variable of the URL is not set.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    url = expand(monitor.logs.path, environment(None))
    table = str(monitor.logs.table)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".fetched-", dir=folder) as name:
        path = Path(name) / "rows.parquet"
        try:
            with _connected(url) as warehouse:
                batches = _batches(warehouse, _day_of(_table(warehouse, table), monitor, day))
                with pq.ParquetWriter(path, batches.schema) as writer:
                    for batch in batches:
                        writer.write_table(pa.Table.from_batches([batch]))
        except ObsError:
            raise
        except Exception as error:  # noqa: BLE001  every warehouse has exceptions of its own
            raise SourceError(
                f"Cannot read {table} of {monitor.logs.path}: {_shown(error, monitor.logs.path, url)}",
                remedy="Check `logs.path` and `logs.table` in the monitor, and that the warehouse is up; "
                "then run the day again.",
            ) from None
        yield FetchedRows("parquet", table, (path,), table, _content(path))


@contextmanager
def _connected(url: str) -> Iterator[ibis.BaseBackend]:
    if find_spec("ibis") is None:
        raise SourceError(
            "The monitor's log is in a warehouse, and Ibis is not installed.",
            remedy="Install the extra: `pip install 'obs-dagster[ibis]'`.",
        )
    import ibis

    warehouse = ibis.connect(url)
    try:
        yield warehouse
    finally:
        warehouse.disconnect()


def _table(warehouse: ibis.BaseBackend, name: str) -> ibis.Table:
    database, _, table = name.rpartition(".")
    return warehouse.table(table, database=database or None)


def _day_of(table: ibis.Table, monitor: Monitor, day: dt.date) -> ibis.Table:
    """The query for a day's rows."""
    import ibis

    time = monitor.logs.columns.time
    kind = table.schema().get(time)
    if kind is None or not kind.is_timestamp():
        found = "is not there" if kind is None else f"is of type {kind}"
        raise SourceError(
            f"The rows of {day} cannot be found: the column {time} of {monitor.logs.table} {found}.",
            remedy="Name a column of a timestamp type in logs.columns.time.",
        )
    bounds = []
    for date in (day, day + dt.timedelta(days=1)):
        moment = dt.datetime.combine(date, dt.time(), monitor.zone).astimezone(dt.UTC)
        # naive values are UTC
        bounds.append(ibis.literal(moment if kind.timezone else moment.replace(tzinfo=None), type=kind))
    rows = table.filter((table[time] >= bounds[0]) & (table[time] < bounds[1]))
    columns = _readable_columns(rows, declared_types(monitor))
    order = [name for name in (time, monitor.logs.columns.prediction_id) if name in columns]
    return rows.select(**columns).order_by(order)


def _readable_columns(rows: ibis.Table, declared: Mapping[str, str]) -> dict[str, ibis.Value]:
    """Columns that every engine reads: plain ones, and declared ones of other types (a UUID) as text."""
    columns = {}
    for name, kind in rows.schema().items():
        if (
            kind.is_numeric()
            or kind.is_boolean()
            or kind.is_string()
            or kind.is_timestamp()
            or kind.is_date()
        ):
            columns[name] = rows[name]
        elif name in declared:
            columns[name] = rows[name].cast("string")
    return columns


def _batches(warehouse: ibis.BaseBackend, query: ibis.Table) -> pa.RecordBatchReader:
    if warehouse.name == "duckdb":
        # Ibis 12 asks DuckDB 2 for a method that it no longer has
        connection: Any = warehouse.con
        return connection.sql(warehouse.compile(query)).to_arrow_reader(_BATCH_ROWS)
    return query.to_pyarrow_batches(chunk_size=_BATCH_ROWS)


def _content(path: Path) -> str:
    with connect() as connection:
        rows, content = connection.sql(
            "SELECT count(*), CAST(sum(CAST(hash(log) AS HUGEINT)) AS VARCHAR) "
            f"FROM read_parquet({literals([str(path)])}, hive_partitioning = false) AS log"
        ).fetchall()[0]
    return f"{rows}-{content}"


def _shown(error: Exception, written: str, url: str) -> str:
    """What went wrong, on one line and without what the URL's variables stand for."""
    text = f"{type(error).__name__}: {error}".strip().splitlines()[0].replace(url, written)
    for name in variables(written):
        if value := expand(f"${{{name}}}", environment(None)):
            text = text.replace(value, f"${{{name}}}")
    return text
