"""Columns inside of columns: structs, maps, lists, and JSON in any form."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.lake.columns import ROW
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.nested import paths_in

NAMES = {"temp": "request.features.temp", "hour": "request.hours[1]", "carrier": "tags.carrier"}
ROWS = [
    {
        "id": f"p{place}",
        "at": f"2024-03-04T10:00:0{place}Z",
        "out": {"score": place / 10},
        "request": {"features": {"temp": None if place == 2 else place + 0.5}, "hours": [0, place]},
        "tags": {"carrier": "AA", "other": "x"},
    }
    for place in range(4)
]
TYPES = pa.schema(
    [
        ("id", pa.string()),
        ("at", pa.string()),
        ("out", pa.struct([("score", pa.float64())])),
        (
            "request",
            pa.struct([("features", pa.struct([("temp", pa.float64())])), ("hours", pa.list_(pa.int64()))]),
        ),
        ("tags", pa.map_(pa.string(), pa.string())),
    ]
)


@pytest.fixture(params=["parquet", "jsonl", "csv", "texts in parquet"])
def nested(request, small, day):
    """A world whose log has its features inside of other columns."""
    kind = request.param.rpartition(" ")[2]
    path = f"{day}.{kind}"
    world = small()
    columns = {"prediction_id": "id", "time": "at", "score": "out.score"}
    world.changes["logs"] = {
        "source": kind,
        "path": f"{{day}}.{kind}",
        "columns": columns,
        "version": "1",
    }
    world.changes["features"] = {
        name: feature.model_dump(exclude_unset=True) | {"column": NAMES[name]}
        for name, feature in world.monitor.features.items()
    }
    world.root.mkdir(exist_ok=True)
    texts = [{k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()} for row in ROWS]
    if kind == "jsonl":
        (world.root / path).write_text("\n".join(map(json.dumps, ROWS)))
    elif kind == "csv":
        quoted = (",".join('"' + v.replace('"', '""') + '"' for v in row.values()) for row in texts)
        (world.root / path).write_text("\n".join([",".join(ROWS[0]), *quoted]))
    elif request.param == "parquet":
        rows = [row | {"tags": list(row["tags"].items())} for row in ROWS]
        pq.write_table(pa.Table.from_pylist(rows, schema=TYPES), world.root / path)
    else:
        pq.write_table(pa.Table.from_pylist(texts), world.root / path)
    return world, world.root / path


@pytest.mark.parametrize("path", ["{day}.*", "*"])
def test_features_and_roles_are_inside_of_other_columns(nested, day, path):
    world, _ = nested
    world.changes["logs"] |= {"path": path}
    found = ingest_logs(world.monitor, day, world.lake)
    rows = world.lake.table("small", LOGS).read(day).to_pandas().sort_values(ROW)
    assert {change.kind for change in found.schema_changes} <= {"retyped"}
    assert rows["out.score"].to_list() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert rows["temp"].fillna(-1).to_list() == [0.5, 1.5, -1, 3.5]
    assert rows["hour"].to_list() == [0, 1, 2, 3]
    assert set(rows["carrier"]) == {"AA"}
    assert not {"request", "out", "tags"} & set(rows.columns)


def test_what_is_inside_is_listed(nested):
    world, file = nested
    with connect() as connection:
        [part] = SourceFiles(world.monitor.logs.source, str(file), (file,)).parts(connection)
        names = paths_in(connection, part)
    assert {"out.score", "request.features.temp", "tags.carrier", "tags.other"} <= set(names)
    assert "request.hours[0]" in names


def test_what_is_nowhere_is_missing(nested, day):
    world, _ = nested
    world.changes["features"]["temp"]["column"] = "request.features.temperature.of[0].all"
    world.changes["features"]["hour"]["column"] = "hour"
    found = ingest_logs(world.monitor, day, world.lake)
    missing = {change.column for change in found.schema_changes if change.kind == "missing"}
    rows = world.lake.table("small", LOGS).read(day).to_pandas()
    assert rows["temp"].isna().all()
    assert "hour" in missing
