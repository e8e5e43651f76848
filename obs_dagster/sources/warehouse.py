"""Tables of a warehouse, read through Ibis: rows come as a file, answers to small questions as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, cast

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.lake.leftovers import mark
from obs_dagster.lake.quoting import literals
from obs_dagster.monitor.placeholders import environment, expand, variables
from obs_dagster.secrets import remember, scrub
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.reading import PLAIN, Reading
from obs_dagster.sources.warehouse_plan import answered
from obs_dagster.storage_fault import blames_storage, storage_fault

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    Query = Callable[[ibis.Table], ibis.Table]

#: Rows that are held in memory at once.
_BATCH_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class FetchedRows(SourceFiles):
    """Rows of a table, in a file for the time being.

    Attributes:
        table: the name of the table.
        content: changes with the rows, whatever order they came in.
    """

    table: str = ""
    content: str = ""

    def stamps(self) -> tuple[FileStamp, ...]:
        """The table and its rows; the file is not there for long."""
        return (FileStamp(self.table, None, None, self.content),)

    def unreadable(self, error: Exception) -> ObsError:
        """The error for rows that cannot be used."""
        if blames_storage(error) and (fault := storage_fault(error, self.files[0].parent)):
            return fault
        return SourceError(
            f"Cannot use the rows of {self.table}: {str(error).strip().splitlines()[0]}",
            remedy="Check what the monitor says of its columns, then run the day again; "
            "what was evaluated before stays as it was.",
        )


@dataclass(frozen=True, slots=True)
class WarehouseTable:
    """A table as a monitor names it.

    Attributes:
        section: the part of the monitor that names it.
        url: the connection's URL, with its `${NAME}`.
        name: the table's name, with its schema or without.
    """

    section: Literal["logs", "labels"]
    url: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} of {scrub(self.url)}"

    @contextmanager
    def fetched(self, query: Query, folder: Path, reading: Reading = PLAIN) -> Iterator[FetchedRows]:
        """The rows of a query, which come in batches, so that memory is bounded.

        Args:
            query: makes the query from the table.
            folder: where the file may be written while the block lasts.
            reading: what the monitor says of the rows.

        Raises:
            SourceError: the warehouse cannot be read, or Ibis is not installed.
            ObsError: a variable of the URL is not set.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".fetched-{mark()}-", dir=folder) as name:
            path = Path(name) / "rows.parquet"
            with self._batches(query) as batches, pq.ParquetWriter(path, batches.schema) as writer:
                for batch in batches:
                    writer.write_table(pa.Table.from_batches([batch]))
            yield FetchedRows("parquet", self.name, (path,), reading, self.name, content_of(path))

    def answer(self, query: Query) -> list[dict[str, Any]]:
        """The rows of a query that has few.

        Raises:
            SourceError: as `fetched`.
            ObsError: as `fetched`.
        """
        with self.opened() as (table,):
            rows: list[dict[str, Any]] = query(table).to_pyarrow().to_pylist()
        return rows

    @contextmanager
    def opened(self, *others: WarehouseTable) -> Iterator[tuple[ibis.Table, ...]]:
        """The table, and others of the same warehouse, for queries that run there while the block lasts.

        Answers are held in memory, so they have to be small.

        Raises:
            SourceError: as `fetched`; so do queries.
            ObsError: as `fetched`.
        """
        with self._connected() as warehouse:
            run: Any = warehouse.to_pyarrow

            def to_pyarrow(query: ibis.Table, **options: Any) -> pa.Table:
                with self._readable():
                    return answered(
                        lambda: ibis_sql(warehouse, query), query.schema(), lambda: run(query, **options)
                    )

            # expressions ask the warehouse that they are of, whoever collects them
            vars(warehouse)["to_pyarrow"] = to_pyarrow
            with self._readable():
                tables = tuple(each.of(warehouse) for each in (self, *others))
            yield tables

    @contextmanager
    def _batches(self, query: Query) -> Iterator[pa.RecordBatchReader]:
        with self._connected() as warehouse, self._readable():
            asked = query(self.of(warehouse))
            yield _reader(warehouse, asked)

    def of(self, warehouse: ibis.BaseBackend) -> ibis.Table:
        """The table, of a connection."""
        database, _, table = self.name.rpartition(".")
        return warehouse.table(table, database=database or None)

    @contextmanager
    def _connected(self) -> Iterator[ibis.BaseBackend]:
        if find_spec("ibis") is None:
            raise SourceError(
                f"`{self.section}` of the monitor is in a warehouse, and Ibis is not installed.",
                remedy="Install the extra: `pip install 'obs-dagster[ibis]'`.",
            )
        import ibis

        url = expand(self.url, environment(None))
        remember(url)
        with self._readable():
            warehouse = ibis.connect(url)
        try:
            yield warehouse
        finally:
            warehouse.disconnect()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What the warehouse says is wrong, as an error that names the table."""
        try:
            yield
        except ObsError:
            raise
        except Exception as error:  # noqa: BLE001  every warehouse has exceptions of its own
            url = expand(self.url, environment(None))
            raise SourceError(
                f"Cannot read {self}: {_shown(error, self.url, url)}",
                remedy=f"Check `{self.section}.path` and `{self.section}.table` in the monitor, and that the "
                "warehouse is up; then run the day again.",
            ) from None


def settled(rows: ibis.Table) -> ibis.Table:
    """The same rows as a query whose SQL is made once, however many queries are made of it."""
    warehouse: Any = rows.get_backend()
    return cast("ibis.Table", warehouse.sql(ibis_sql(warehouse, rows), schema=rows.schema()))


def ibis_sql(warehouse: ibis.BaseBackend, query: ibis.Table) -> str:
    """A query in the warehouse's dialect, as people read it."""
    return str(warehouse.compile(query, pretty=True))


def column_of(table: ibis.Table, name: str, place: WarehouseTable, role: str) -> ibis.Value:
    """A column that the monitor names.

    Raises:
        SourceError: the table has none of that name.
    """
    if name not in table.columns:
        raise SourceError(
            f"{place.name} has no column {name}; it has {', '.join(table.columns)}.",
            remedy=f"Correct {place.section}.columns.{role} in the monitor, or the table.",
        )
    return table[name]


def readable(value: ibis.Value) -> ibis.Value:
    """A column as files have it: of other types than plain ones (a UUID) as text."""
    return value if is_plain(value.type()) else value.cast("string")


def is_plain(kind: ibis.DataType) -> bool:
    """Whether every engine reads values of the type."""
    return bool(
        kind.is_numeric() or kind.is_boolean() or kind.is_string() or kind.is_timestamp() or kind.is_date()
    )


def _reader(warehouse: ibis.BaseBackend, query: ibis.Table) -> pa.RecordBatchReader:
    if warehouse.name == "duckdb":
        # Ibis 12 asks DuckDB 2 for a method that it no longer has
        connection: Any = warehouse.con
        return connection.sql(warehouse.compile(query)).to_arrow_reader(_BATCH_ROWS)
    return query.to_pyarrow_batches(chunk_size=_BATCH_ROWS)


def content_of(path: Path) -> str:
    """Changes with the rows of a Parquet file, whatever order they are in."""
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
