"""What Delta tables have of their own: deletion vectors, column mapping, schemas that change, partitions."""

import json
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyroaring import BitMap64

from obs_dagster.errors import SourceError
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.protocol import source_of

#: Of a serialized bitmap, as Delta's protocol has it.
_MAGIC = 1681511377
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def log_of(world, version):
    return world.root / "tables/log/_delta_log" / f"{version:020}.json"


def actions(world, version):
    return [json.loads(line) for line in log_of(world, version).read_text().splitlines()]


def commit(world, version, *entries):
    """Write a version of the log by hand, as other engines do."""
    log_of(world, version).write_text("".join(f"{json.dumps(each)}\n" for each in entries))


def z85(content):
    """As RFC 32 of ZeroMQ has it."""
    content += b"\0" * (-len(content) % 4)
    text = ""
    for (number,) in struct.iter_unpack(">I", content):
        text += "".join(_Z85[number // 85**place % 85] for place in (4, 3, 2, 1, 0))
    return text


def deletion_vector(rows):
    bitmap = struct.pack("<I", _MAGIC) + BitMap64(rows).serialize()
    return {
        "storageType": "i",
        "pathOrInlineDv": z85(bitmap),
        "sizeInBytes": len(bitmap),
        "cardinality": len(rows),
    }


def with_feature(world, *features, **metadata):
    """Protocol and metadata of the table with reader features."""
    created = actions(world, 0)
    told = next(each["metaData"] for each in created if "metaData" in each)
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": list(features),
        "writerFeatures": list(features),
    }
    return {"protocol": protocol}, {"metaData": told | metadata}


def ids(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return sorted(world.lake.table("small", LOGS).read(day)["id"].to_pylist())


def test_deleted_rows_are_no_rows_and_their_day_has_changed(logged, day):
    world, _ = logged("delta", days=2)
    source = source_of(world.monitor.logs)
    other = day.replace(day=day.day + 1)
    stamps = [source.stamp(world.monitor, each) for each in (day, other)]
    added = next(each["add"] for each in actions(world, 0) if "add" in each)
    removed = {"remove": {"path": added["path"], "dataChange": True, "deletionTimestamp": 1}}
    deleted = added | {"deletionVector": deletion_vector([0, 3, 4])}
    commit(world, 2, *with_feature(world, "deletionVectors"), removed, {"add": deleted})
    expected = world.rows(day, 20)["id"].drop([0, 3, 4])
    assert ids(world, day) == sorted(expected)
    now = [source.stamp(world.monitor, each) for each in (day, other)]
    assert now[0] != stamps[0]
    assert now[1] == stamps[1]
    more = deleted | {"deletionVector": deletion_vector([0, 3, 5])}
    commit(world, 3, removed, {"add": more})
    assert source.stamp(world.monitor, day) != now[0]


def test_columns_that_were_renamed_are_found_by_their_names(logged, day):
    world, _ = logged("delta", days=1)
    created = actions(world, 0)
    told = next(each["metaData"] for each in created if "metaData" in each)
    added = next(each["add"] for each in created if "add" in each)
    fields = json.loads(told["schemaString"])["fields"]
    for number, each in enumerate(fields, 1):
        physical = f"col-{number}"
        each["metadata"] |= {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": physical}
    stats = json.loads(added["stats"])
    physical = {each["name"]: each["metadata"]["delta.columnMapping.physicalName"] for each in fields}
    for kind in ("minValues", "maxValues", "nullCount"):
        stats[kind] = {physical[name]: value for name, value in stats[kind].items()}
    file = world.root / "tables/log" / added["path"]
    pq.write_table(pq.read_table(file).rename_columns(list(physical.values())), file)
    schema = json.dumps({"type": "struct", "fields": fields})
    configuration = {"delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": str(len(fields))}
    head = with_feature(world, "columnMapping", schemaString=schema, configuration=configuration)
    size = file.stat().st_size
    commit(world, 0, *head, {"add": added | {"stats": json.dumps(stats), "size": size}})
    assert ids(world, day) == sorted(world.rows(day, 20)["id"])
    # the day is known by the statistics, which have the physical name
    assert source_of(world.monitor.logs).stamp(world.monitor, day.replace(year=2030)) == ""


def test_a_feature_that_the_reader_does_not_know_is_refused(logged, day):
    world, _ = logged("delta", days=1)
    commit(world, 1, *with_feature(world, "timeTravelToTheFuture"))
    with pytest.raises(SourceError, match="Cannot read the Delta table"):
        ingest_logs(world.monitor, day, world.lake)


def test_a_column_that_came_later_is_null_before(logged, day):
    world, tables = logged("delta", days=1, shape=lambda table: table.drop_columns(["temp"]))
    more = pa.Table.from_pandas(world.rows(day, 5, seed=3), preserve_index=False)
    tables.append("log", more, schema_mode="merge")
    ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", LOGS).read(day)
    assert rows["temp"].null_count == 20
    assert rows.num_rows == 25


def test_partitions_are_columns_and_leave_files_out(logged, day):
    world, tables = logged("delta", days=1)
    rows = pa.Table.from_pandas(world.rows(day, 30), preserve_index=False)
    tables.create("log", rows, mode="overwrite", partition_by=["carrier", "model"], schema_mode="overwrite")
    ingest_logs(world.monitor, day, world.lake)
    found = world.lake.table("small", LOGS).read(day).sort_by("id")
    expected = rows.sort_by("id")
    assert found["carrier"].to_pylist() == expected["carrier"].to_pylist()
    assert found["model"].to_pylist() == ["1"] * 30


def test_a_vacuumed_version_is_named_with_what_to_do(logged, pinned_at, day):
    world, tables = logged("delta", days=1)
    tables.delete("log", "id", list(world.rows(day, 20)["id"][:3]))
    tables.open("log").vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(SourceError, match=r"Version 0 of .* files that are gone.*VACUUM.*logs.snapshot: 0"):
        ingest_logs(pinned_at(world, snapshot=0), day, world.lake)
