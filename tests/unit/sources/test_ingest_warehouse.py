"""A log in a warehouse gives the same partition as the same rows in files."""

import datetime as dt

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from obs_dagster.errors import SourceError
from obs_dagster.sources import warehouse
from obs_dagster.sources.ingest import LOGS, ingest_logs

ZONE = "America/New_York"


def rows_of(world, day):
    """Rows of the day in New York and of both its neighbours, in UTC."""
    hours = pd.to_timedelta([3, 4, 5, 28, 29, 30], "h")
    midnight = pd.Timestamp(day, tz="UTC")
    return world.rows(day, 6).assign(at=midnight + hours, carrier=["AA", None, "O'Hare", "ü", "UA", "B6"])


def in_duckdb(rows, place):
    with duckdb.connect(place) as connection:
        connection.register("frame", pa.Table.from_pandas(rows))
        connection.execute("CREATE SCHEMA serving; CREATE TABLE serving.predictions AS FROM frame")


@pytest.fixture
def world(small, monkeypatch, tmp_path):
    """A world whose log is the table `serving.predictions` of the warehouse at a URL."""

    def make(url, *, table="serving.predictions", **columns):
        monkeypatch.setenv("WAREHOUSE_URL", url)
        named = small().monitor.logs.columns.model_dump(exclude_none=True) | columns
        logs = {"source": "ibis", "path": "${WAREHOUSE_URL}", "table": table, "columns": named}
        return small("warehouse", logs=logs, time_zone=ZONE)

    return make


def read(world, day):
    return world.lake.table("small", LOGS).read(day).to_pylist()


def expected(small, day, rows):
    """What the same rows of the day give from a file."""
    files = small("files", time_zone=ZONE)
    files.log(day, rows.iloc[2:4].reset_index(drop=True))
    ingest_logs(files.monitor, day, files.lake)
    return read(files, day)


def test_duckdb(small, world, day, tmp_path):
    rows = rows_of(small(), day)
    place = str(tmp_path / "warehouse.ddb")
    in_duckdb(rows, place)
    ours = world(f"duckdb://{place}?read_only=true")

    found = ingest_logs(ours.monitor, day, ours.lake)

    assert found.rows == 2
    assert found.schema_changes == ()
    assert read(ours, day) == expected(small, day, rows)
    table = ours.lake.table("small", LOGS)
    manifest = table.manifest(day)
    assert [file["name"] for file in manifest["files"]] == ["serving.predictions"]
    assert [file.name for file in table.path(day).parent.iterdir()] == ["data.parquet"]

    ingest_logs(ours.monitor, day, ours.lake)
    assert table.manifest(day) == manifest
    with duckdb.connect(place) as connection:
        connection.execute("UPDATE serving.predictions SET score = 0.5 WHERE carrier = 'ü'")
    ingest_logs(ours.monitor, day, ours.lake)
    assert table.manifest(day)["fingerprint"] != manifest["fingerprint"]


@pytest.fixture
def in_postgresql(postgres_database):
    """Makes a table with columns that Arrow has no type for; returns the URL for Ibis."""

    def make(rows, kind):
        url = postgres_database()
        engine = create_engine(url)
        statements = [
            "SET TIME ZONE 'UTC'",
            "CREATE SCHEMA serving",
            f"CREATE TABLE serving.predictions (id text, at {kind}, model text, score float8)",
            "ALTER TABLE serving.predictions ADD temp float8, ADD hour int, ADD carrier text, ADD note jsonb",
            "ALTER TABLE serving.predictions ADD trace uuid DEFAULT gen_random_uuid()",
        ]
        insert = "INSERT INTO serving.predictions VALUES (:id, :at, :model, :score, :temp, :hour, :carrier)"
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
            values = rows.astype(object).where(rows.notna(), None)
            connection.execute(text(insert), values.to_dict("records"))
        engine.dispose()
        return url.replace("postgresql+psycopg2://", "postgres://")

    return make


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_postgresql(small, world, day, in_postgresql, monkeypatch, kind):  # noqa: PLR0917  fixtures
    rows = rows_of(small(), day)
    ours = world(in_postgresql(rows, kind), trace_id="trace")
    monkeypatch.setattr(warehouse, "_BATCH_ROWS", 2)

    found = ingest_logs(ours.monitor, day, ours.lake)

    assert found.rows == 2
    assert found.schema_changes == ()
    partition = read(ours, day)
    assert all(len(row.pop("trace")) == 36 for row in partition)
    assert partition == expected(small, day, rows)


def test_a_day_without_rows_has_no_rows(world, small, day, tmp_path):
    place = str(tmp_path / "warehouse.ddb")
    in_duckdb(rows_of(small(), day), place)
    ours = world(f"duckdb://{place}")
    found = ingest_logs(ours.monitor, day + dt.timedelta(days=30), ours.lake)
    assert (found.rows, found.files) == (0, 1)


def test_what_is_wrong_is_said_without_the_secrets(world, small, day, tmp_path):
    ours = world("postgres://obs:hunter2@127.0.0.1:1/none")
    with pytest.raises(
        SourceError, match=r"Cannot read serving.predictions of \$\{WAREHOUSE_URL\}"
    ) as raised:
        ingest_logs(ours.monitor, day, ours.lake)
    assert "hunter2" not in str(raised.value)
    assert not ours.lake.table("small", LOGS).exists(day)

    place = str(tmp_path / "warehouse.ddb")
    in_duckdb(rows_of(small(), day), place)
    for changes, message in (
        ({"table": "serving.nothing"}, "nothing"),
        ({"time": "hour"}, "the column hour of serving.predictions is of type int64"),
        ({"time": "gone"}, "the column gone of serving.predictions is not there"),
    ):
        ours = world(f"duckdb://{place}", **changes)
        with pytest.raises(SourceError, match=message):
            ingest_logs(ours.monitor, day, ours.lake)


def test_without_ibis_the_extra_is_named(world, day, monkeypatch, tmp_path):
    monkeypatch.setattr(warehouse, "find_spec", lambda _: None)
    ours = world(f"duckdb://{tmp_path}/w.ddb")
    with pytest.raises(SourceError, match=r"obs-dagster\[ibis\]"):
        ingest_logs(ours.monitor, day, ours.lake)
