"""`source: iceberg`: a table of Iceberg, in a catalog or in a folder of its own."""

from __future__ import annotations

from obs_dagster.sources.tables.iceberg import open_iceberg
from obs_dagster.sources.tables.iceberg_catalog import is_catalog
from obs_dagster.sources.tables.table_source import TableSource

SOURCE = TableSource("iceberg", open_iceberg, is_catalog, lambda _: "", reads_table=True)
