"""Tables of Delta Lake and Iceberg that tests write, each with the library that its users write them with."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tests.iceberg_rest import IcebergRest

KINDS = ("delta", "iceberg_sql", "iceberg_rest", "iceberg_folder")
_MICROSECONDS = pa.timestamp("us", "UTC")


def arrow(frame: pd.DataFrame, schema: pa.Schema | None = None) -> pa.Table:
    """Rows with times to the microsecond, which is what both kinds of tables have."""
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    fields = [
        each.with_type(_MICROSECONDS) if pa.types.is_timestamp(each.type) and each.type.tz else each
        for each in table.schema.remove_metadata()
    ]
    return table.cast(pa.schema(fields))


@dataclass
class DeltaTables:
    """Delta tables below a folder, or below a bucket."""

    root: str

    @property
    def options(self) -> dict[str, str]:
        return {"AWS_ALLOW_HTTP": "true"} if "://" in self.root else {}

    def keys(self, name: str) -> dict[str, Any]:
        """What a monitor says of a table."""
        return {"source": "delta", "path": f"{self.root}/{name}"}

    def open(self, name: str) -> Any:
        from deltalake import DeltaTable

        return DeltaTable(f"{self.root}/{name}", storage_options=self.options)

    def create(self, name: str, rows: pa.Table, **more: Any) -> None:
        from deltalake import write_deltalake

        write_deltalake(f"{self.root}/{name}", rows, storage_options=self.options, **more)

    def append(self, name: str, rows: pa.Table, **more: Any) -> None:
        self.create(name, rows, mode="append", **more)

    def delete(self, name: str, column: str, values: list[str]) -> None:
        """Remove the rows that have one of some texts."""
        listed = ", ".join(f"'{each}'" for each in values)
        self.open(name).delete(f"{column} IN ({listed})")

    def values(self, name: str, column: str) -> list[Any]:
        """The values of a column of the newest state."""
        return pa.table(self.open(name).scan(columns=[column]))[column].to_pylist()

    def schema(self, name: str) -> pa.Schema:
        return pa.schema(self.open(name).schema().to_arrow())

    def snapshot(self, name: str) -> int:
        return int(self.open(name).version())

    def files(self, name: str) -> list[str]:
        """The addresses of the files of the newest state."""
        return [str(each) for each in self.open(name).file_uris()]


@dataclass
class IcebergTables:
    """Iceberg tables of an SQL catalog, whose files are below a folder or a bucket.

    Attributes:
        url: the catalog's database.
        warehouse: where the files are.
        rest: a server in front of the catalog; None where monitors name the database.
        by_folder: whether monitors name the table's own folder.
    """

    url: str
    warehouse: str
    rest: IcebergRest | None = None
    by_folder: bool = False

    @property
    def catalog(self) -> Any:
        from pyiceberg.catalog.sql import SqlCatalog

        from obs_dagster.sources.tables.iceberg_catalog import _of_stores

        catalog = SqlCatalog("tests", uri=self.url, warehouse=self.warehouse, **_of_stores())
        catalog.create_namespace_if_not_exists("serving")
        return catalog

    def keys(self, name: str) -> dict[str, Any]:
        """What a monitor says of a table."""
        if self.by_folder:
            return {"source": "iceberg", "path": f"{self.warehouse.removeprefix('file://')}/serving/{name}"}
        path = self.rest.url if self.rest else self.url
        options = {"credential": "night:secret"} if self.rest else {}
        return {"source": "iceberg", "path": path, "table": f"serving.{name}", "options": options}

    def open(self, name: str) -> Any:
        return self.catalog.load_table(f"serving.{name}")

    def create(self, name: str, rows: pa.Table, **more: Any) -> None:
        table = self.catalog.create_table(f"serving.{name}", rows.schema, **more)
        if rows.num_rows:
            table.append(rows)

    def append(self, name: str, rows: pa.Table) -> None:
        self.open(name).append(rows)

    def delete(self, name: str, column: str, values: list[str]) -> None:
        """Remove the rows that have one of some texts."""
        from pyiceberg.expressions import In

        self.open(name).delete(In(column, values))

    def values(self, name: str, column: str) -> list[Any]:
        """The values of a column of the newest state."""
        return self.open(name).scan(selected_fields=(column,)).to_arrow()[column].to_pylist()

    def schema(self, name: str) -> pa.Schema:
        return self.open(name).schema().as_arrow()

    def snapshot(self, name: str) -> int:
        return int(self.open(name).current_snapshot().snapshot_id)

    def files(self, name: str) -> list[str]:
        """The addresses of the files of the newest state."""
        return [task.file.file_path.removeprefix("file://") for task in self.open(name).scan().plan_files()]


def tables_of(kind: str, root: Path, disk: Path, served: Callable[[IcebergRest], IcebergRest]) -> Any:
    """Tables of a kind.

    Args:
        kind: one of `KINDS`.
        root: the folder or the bucket where files are.
        disk: where the database of a catalog is.
        served: starts a server in front of it.
    """
    if kind == "delta":
        return DeltaTables(f"{root}/tables")
    url = f"sqlite:///{disk}/{uuid.uuid4().hex}.db"
    warehouse = f"{root}/warehouse" if "://" in str(root) else f"file://{root}/warehouse"
    server = served(IcebergRest(url)) if kind == "iceberg_rest" else None
    return IcebergTables(url, warehouse, server, by_folder=kind == "iceberg_folder")
