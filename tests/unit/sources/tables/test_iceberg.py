"""What Iceberg tables have of their own: catalogs, deletes beside files, hidden partitions, schemas."""

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    write_manifest_list,
)
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import DoubleType, LongType

from obs_dagster.errors import SourceError
from obs_dagster.secrets import scrub
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import source_of
from tests.tables import arrow

ONE = dt.timedelta(days=1)


class _Deletes(ManifestWriterV2):
    """A manifest of delete files, which pyiceberg reads and does not write."""

    def content(self):
        return ManifestContent.DELETES

    @property
    def _meta(self):
        return {**super()._meta, "content": "deletes"}


def with_deletes(tables, content, rows, **more):
    """Commit a snapshot with a file of deletes by hand, as engines do that merge on read."""
    table = tables.open("log")
    number, sequence = 4242, table.metadata.last_sequence_number + 1
    folder = f"{table.location()}/metadata"
    path = f"{table.location()}/data/deletes.parquet"
    pq.write_table(rows, path.removeprefix("file://"))
    file = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(rows),
        file_size_in_bytes=1_000,
        column_sizes={},
        value_counts={},
        null_value_counts={},
        nan_value_counts={},
        lower_bounds={},
        upper_bounds={},
        key_metadata=None,
        split_offsets=[],
        sort_order_id=None,
        spec_id=0,
        **more,
    )
    written = table.io.new_output(f"{folder}/deletes.avro")
    with _Deletes(table.spec(), table.schema(), written, number, "null") as writer:
        entry = ManifestEntry.from_args(
            status=ManifestEntryStatus.ADDED, snapshot_id=number, sequence_number=None, data_file=file
        )
        writer.add_entry(entry)
    manifests = [*table.current_snapshot().manifests(table.io), writer.to_manifest_file()]
    listed = f"{folder}/snap-{number}.avro"
    parent = table.current_snapshot().snapshot_id
    with write_manifest_list(2, table.io.new_output(listed), number, parent, sequence, "null") as writer:
        writer.add_manifests(manifests)
    metadata = json.loads(table.metadata.model_dump_json())
    snapshot = metadata["snapshots"][-1] | {
        "snapshot-id": number,
        "parent-snapshot-id": parent,
        "sequence-number": sequence,
        "manifest-list": listed,
        "timestamp-ms": metadata["last-updated-ms"] + 1,
        "summary": {"operation": "overwrite"},
    }
    metadata |= {
        "snapshots": [*metadata["snapshots"], snapshot],
        "current-snapshot-id": number,
        "last-sequence-number": sequence,
        "last-updated-ms": snapshot["timestamp-ms"],
    }
    metadata["refs"]["main"]["snapshot-id"] = number
    with table.io.new_output(f"{folder}/09999-by-hand.metadata.json").create() as out:
        out.write(json.dumps(metadata).encode())


def ids(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return sorted(world.lake.table("small", LOGS).read(day)["id"].to_pylist())


def test_rows_that_were_deleted_by_position_are_no_rows(logged, day):
    world, tables = logged("iceberg_folder", days=1)
    source = source_of(world.monitor.logs)
    stamp = source.stamp(world.monitor, day)
    [file] = [task.file.file_path for task in tables.open("log").scan().plan_files()]
    rows = pa.table({"file_path": [file] * 3, "pos": pa.array([0, 3, 4], pa.int64())})
    with_deletes(tables, DataFileContent.POSITION_DELETES, rows)
    assert ids(world, day) == sorted(world.rows(day, 20)["id"].drop([0, 3, 4]))
    assert source.stamp(world.monitor, day) != stamp
    assert source.read_at(world.monitor, world.monitor.logs).id == "4242"


def test_deletes_by_equality_are_refused_with_a_remedy(logged, day):
    world, tables = logged("iceberg_folder", days=1)
    rows = pa.table({"id": list(world.rows(day, 2)["id"])})
    with_deletes(tables, DataFileContent.EQUALITY_DELETES, rows, equality_ids=[1])
    with pytest.raises(SourceError, match=r"deletes by equality.*rewrite_data_files"):
        ingest_logs(world.monitor, day, world.lake)


def test_partitions_leave_files_out_where_there_are_no_bounds(small, tables, day):
    made = tables("iceberg_sql", small().root)
    columns = small().keys["logs"]["columns"] | {"time": "on"}
    world = small(logs=small().keys["logs"] | made.keys("log") | {"columns": columns})

    def dated(on):
        rows = arrow(world.rows(on, 20))
        return rows.append_column("on", pa.array([on] * 20, pa.date32()))

    made.create("log", dated(day).slice(0, 0), properties={"write.metadata.metrics.default": "none"})
    with made.open("log").update_spec() as update:
        update.add_field("on", IdentityTransform(), "on")
    for on in (day, day + ONE):
        made.append("log", dated(on))
    snapshot = source_of(world.monitor.logs).snapshot(world.monitor, world.monitor.logs)
    assert {each.low for each in snapshot.files("on")} == {None}
    other = next(file for file in made.files("log") if f"on={day + ONE}" in file)
    Path(other).unlink()
    assert ids(world, day) == sorted(world.rows(day, 20)["id"])


def test_a_schema_that_changed_is_read_as_it_was_and_as_it_is(logged, pinned_at, day):
    world, tables = logged(
        "iceberg_sql",
        days=1,
        shape=lambda table: table.set_column(4, "temp", table["temp"].cast(pa.float32())),
    )
    before = tables.snapshot("log")
    with tables.open("log").update_schema() as update:
        update.update_column("temp", DoubleType())
        update.rename_column("hour", "o_clock")
    with tables.open("log").update_schema() as update:
        update.add_column("hour", LongType())
    assert tables.open("log").schema().find_field("temp").field_type == DoubleType()
    ingest_logs(world.monitor, day, world.lake)
    assert world.lake.table("small", LOGS).read(day)["hour"].null_count == 20
    ingest_logs(pinned_at(world, snapshot=before), day, world.lake)
    assert world.lake.table("small", LOGS).read(day)["hour"].null_count == 0


def test_a_tag_names_a_snapshot(logged, pinned_at, day):
    world, tables = logged("iceberg_sql", days=1)
    tables.open("log").manage_snapshots().create_tag(tables.snapshot("log"), "audited").commit()
    tables.delete("log", "id", list(world.rows(day, 20)["id"][:5]))
    ingest_logs(pinned_at(world, snapshot="audited"), day, world.lake)
    assert world.lake.table("small", LOGS).manifest(day)["rows"] == 20
    assert len(ids(world, day)) == 15


def test_a_rest_catalog_is_asked_once_a_night_and_refuses_others(logged, pinned_at, day, monkeypatch):
    world, tables = logged("iceberg_rest", days=1)
    assert len(ids(world, day)) == 20
    assert ("GET", "/v1/namespaces/serving/tables/log") in [
        (method, path.partition("?")[0]) for method, path in tables.rest.requests
    ]
    monkeypatch.setenv("CATALOG_CREDENTIAL", "night:not-the-secret")
    wrong = pinned_at(world, options={"credential": "${CATALOG_CREDENTIAL}"})
    with pytest.raises(SourceError, match=r"Cannot read the Iceberg table .*logs.options") as refused:
        ingest_logs(wrong, day, world.lake)
    assert "not-the-secret" not in str(refused.value)
    assert scrub("night:not-the-secret") != "night:not-the-secret"


def test_a_catalog_in_postgresql_is_read_by_the_driver_that_is_there(
    logged, pinned_at, postgres_database, day
):
    from tests.tables import IcebergTables

    world, sqlite = logged("iceberg_sql", days=1)
    url = postgres_database()
    tables = IcebergTables(url, sqlite.warehouse + "-2")
    tables.create("log", arrow(world.rows(day, 7)))
    plain = url.replace("postgresql+psycopg2:", "postgresql:")
    ingest_logs(pinned_at(world, path=plain), day, world.lake)
    assert world.lake.table("small", LOGS).manifest(day)["rows"] == 7


def test_a_catalog_that_is_not_there_is_not_made(logged, pinned_at, day):
    world, _ = logged("iceberg_sql", days=1)
    nowhere = world.root / "nowhere.db"
    with pytest.raises(SourceError, match="Cannot read the Iceberg table"):
        ingest_logs(pinned_at(world, path=f"sqlite:///{nowhere}"), day, world.lake)
