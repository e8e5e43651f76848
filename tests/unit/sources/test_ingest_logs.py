import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.sources import ingest as stage
from obs_dagster.sources.ingest import LOGS, ingest_logs

NOON = dt.datetime(2024, 3, 4, 12, tzinfo=dt.UTC)


@pytest.fixture
def ingest(small, day):
    """Ingests what is in the logs of a world and returns the world, what was found and the partition."""

    def run(frame=None, *, kind="parquet", folder=".", table=None, **changes):
        world = small(folder, **changes)
        if kind != "parquet":
            world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
        if table is not None:
            path = world.root / f"logs/{day}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path)
        elif frame is not None:
            world.log(day, frame, kind=kind)
        found = ingest_logs(world.monitor, day, world.lake)
        return world, found, world.lake.table("small", LOGS).read(day).to_pandas()

    return run


def changes(found):
    return [(change.kind, change.column) for change in found.schema_changes]


def test_every_format_gives_the_same_partition(ingest, small, day):
    rows = small().rows(day, 50)
    rows["carrier"] = [
        None,
        "007",
        "1.50",
        "true",
        "2024-01-01",
        "a,b;\"c'",
        "ü=x",
        " ",
        "NULL-ish",
        "x\ny",
    ] * 5
    rows["id"] = [f"{number:05d}" for number in range(50)]
    rows["hour"] = rows["hour"].astype("float").where(np.arange(50) % 7 > 0)
    seen = {kind: ingest(rows, kind=kind, folder=kind) for kind in ("parquet", "csv", "jsonl")}
    _, found, expected = seen["parquet"]
    assert found.rows == 50
    assert changes(found) == []
    assert expected["id"].tolist() == rows["id"].tolist()
    assert expected["carrier"].tolist() == rows["carrier"].tolist()
    for kind in ("csv", "jsonl"):
        assert changes(seen[kind][1]) == [], kind
        pd.testing.assert_frame_equal(seen[kind][2], expected, rtol=1e-9, obj=kind)


def test_whole_numbers_stored_as_doubles_are_integers(ingest, small, day):
    rows = small().rows(day, 4)
    rows["hour"] = [1.0, np.nan, 3.0, -0.0]
    _, found, kept = ingest(rows)
    assert changes(found) == []
    assert kept["hour"].tolist()[:1] + kept["hour"].tolist()[2:] == [1, 3, 0]
    assert kept["hour"].isna().tolist() == [False, True, False, False]
    assert kept["_obs_uncast"].isna().all()


def test_values_that_are_not_of_the_declared_type_are_named_and_kept(ingest, small, day):
    rows = small().rows(day, 4)
    rows["hour"] = [5.0, 5.5, np.inf, 7.0]
    rows["temp"] = ["1.5", "2e3", "-", None]
    _, found, kept = ingest(rows)
    assert changes(found) == [("retyped", "temp")]
    assert kept["temp"].tolist()[:2] == [1.5, 2000.0]
    assert kept["hour"].isna().tolist() == [False, True, True, False]
    assert kept["_obs_uncast"].fillna("").tolist() == ["", "hour", "temp, hour", ""]
    assert '"temp":"-"' in kept["_obs_raw"][2]


def test_missing_and_new_columns_are_changes(ingest, small, day):
    rows = small().rows(day, 4).drop(columns="temp").assign(wind=1.0)
    _, found, kept = ingest(rows)
    assert changes(found) == [("missing", "temp"), ("new", "wind")]
    assert [str(change) for change in found.schema_changes] == [
        "temp is missing (expected DOUBLE)",
        "wind is new (DOUBLE) and ignored",
    ]
    assert kept["temp"].isna().all()


def test_a_column_that_differs_by_case_alone_is_missing(ingest, small, day):
    _, found, kept = ingest(small().rows(day, 4).rename(columns={"temp": "Temp"}))
    assert changes(found) == [("missing", "temp"), ("new", "Temp")]
    assert kept["temp"].isna().all()


def test_undeclared_columns_cannot_pass_for_ours(ingest, small, day):
    rows = (
        small()
        .rows(day, 4)
        .assign(
            prediction="no",
            filename="f",
            _obs_file="g",
            _obs_row=99,
            _obs_uncast="temp",
            _obs_raw="x",
            source=1,
            score=[0.1, 0.5, 0.9, 0.2],
        )
    )
    _, found, kept = ingest(rows)
    assert {name for kind, name in changes(found) if kind == "new"} == {
        "prediction",
        "filename",
        "_obs_file",
        "_obs_row",
        "_obs_uncast",
        "_obs_raw",
        "source",
    }
    assert kept["prediction"].tolist() == [False, True, True, False]
    assert kept["_obs_row"].tolist() == [1, 2, 3, 4]
    assert kept["_obs_uncast"].isna().all()


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([NOON, NOON + dt.timedelta(hours=1)]),
        pd.Series([NOON, NOON + dt.timedelta(hours=1)]).dt.tz_convert("Asia/Tokyo"),
        pd.Series([NOON, NOON + dt.timedelta(hours=1)]).dt.tz_localize(None),
        pd.Series([NOON, NOON + dt.timedelta(hours=1)]).dt.tz_localize(None).astype("datetime64[ns]"),
        pd.Series(["2024-03-04T12:00:00Z", "2024-03-04 14:00:00+01:00"]),
        pd.Series(["2024-03-04 12:00:00", "2024-03-04T13:00:00"]),
    ],
    ids=["utc", "tokyo", "naive", "naive ns", "text with zone", "text"],
)
def test_naive_times_are_utc_and_others_keep_their_moment(ingest, small, day, times):
    _, _, kept = ingest(small().rows(day, 2).assign(at=times))
    assert kept["at"].dt.tz_convert("UTC").tolist() == [NOON, NOON + dt.timedelta(hours=1)]


def test_the_last_duplicate_by_time_counts_and_null_ids_stay(ingest, small, day):
    rows = small().rows(day, 7)
    rows["id"] = ["a", "b", "a", None, "a", None, "b"]
    rows["at"] = [NOON + dt.timedelta(minutes=minute) for minute in (0, 1, 9, 3, 4, 3, 1)]
    rows.loc[4, "at"] = pd.NaT
    rows["temp"] = range(7)
    _, found, kept = ingest(rows)
    assert (found.rows, found.duplicates) == (4, 3)
    assert found.versions == {"1": 4}
    assert kept["temp"].tolist() == [2, 3, 5, 6]  # of two rows at the same time the later one in the file


@pytest.mark.parametrize("seed", range(3))
def test_many_duplicates_over_several_files(small, day, seed):
    world = small()
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
        "path": "logs/{day}/*.parquet"
    }
    rng = np.random.default_rng(seed)
    n = 5000
    rows = world.rows(day, n)
    rows["id"] = [f"p{number}" for number in rng.integers(0, 3000, n)]
    rows.loc[rng.choice(n, 200, replace=False), "id"] = None
    rows["at"] = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(rng.integers(0, 40, n), "s")
    rows.loc[rng.choice(n, 500, replace=False), "at"] = pd.NaT
    for number, part in enumerate(np.array_split(np.arange(n), 4)):
        world.write(f"logs/{day}/{number}.parquet", rows.iloc[part])
    found = ingest_logs(world.monitor, day, world.lake)
    kept = world.lake.table("small", LOGS).read(day).to_pandas()
    rows["row"] = np.arange(1, n + 1)
    last = rows.sort_values(["at", "row"], na_position="first").drop_duplicates("id", keep="last")
    expected = sorted([*last.dropna(subset="id")["row"], *rows[rows["id"].isna()]["row"]])
    assert kept["_obs_row"].tolist() == expected
    assert (found.rows, found.duplicates) == (len(expected), n - len(expected))
    assert kept["score"].tolist() == rows["score"][kept["_obs_row"] - 1].tolist()


def test_a_day_without_files_is_an_empty_partition_of_the_same_schema(ingest, small, day):
    _, _, full = ingest(small().rows(day, 3), folder="full")
    world, found, empty = ingest(folder="empty")
    assert (found.rows, found.files, found.versions, found.schema_changes) == (0, 0, {}, ())
    assert len(empty) == 0
    assert empty.dtypes[full.columns.drop("prediction")].to_dict() == full.dtypes.drop("prediction").to_dict()
    assert world.lake.table("small", LOGS).manifest(day)["files"] == []


def test_columns_of_several_files_are_matched_by_name(small, day):
    world = small()
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {
        "path": "logs/{day}/*.parquet"
    }
    rows = world.rows(day, 10)
    world.write(f"logs/{day}/a.parquet", rows[:4])
    world.write(f"logs/{day}/b.parquet", rows[4:][rows.columns[::-1]].drop(columns="temp"))
    found = ingest_logs(world.monitor, day, world.lake)
    kept = world.lake.table("small", LOGS).read(day).to_pandas()
    assert (found.rows, found.files) == (10, 2)
    assert kept["score"].tolist() == rows["score"].tolist()
    assert kept["temp"].isna().sum() == 6


@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_a_damaged_file_is_named_and_the_last_partition_stays(ingest, small, day, damage):
    world, _, _ = ingest(small().rows(day, 500))
    partition = world.lake.table("small", LOGS).path(day)
    before = partition.read_bytes()
    file = world.root / f"logs/{day}.parquet"
    whole = file.read_bytes()
    file.write_bytes({"cut": whole[: len(whole) // 2], "garbage": b"PAR1" + b"x" * 40, "empty": b""}[damage])
    with pytest.raises(SourceError) as caught:
        ingest_logs(world.monitor, day, world.lake)
    assert str(file) in caught.value.message
    assert partition.read_bytes() == before
    assert [path.name for path in partition.parent.iterdir()] == ["data.parquet"]


def test_a_page_that_is_damaged_inside_is_found(ingest, small, day):
    world, _, _ = ingest(small().rows(day, 5000))
    before = world.lake.table("small", LOGS).path(day).read_bytes()
    file = world.root / f"logs/{day}.parquet"
    whole = bytearray(file.read_bytes())
    whole[20:4000] = bytes(3980)
    file.write_bytes(whole)
    with pytest.raises(SourceError, match=file.name):
        ingest_logs(world.monitor, day, world.lake)
    assert world.lake.table("small", LOGS).path(day).read_bytes() == before


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_one_bad_value_far_down_does_not_cost_the_file(ingest, small, day, kind):
    rows = small().rows(day, 30_000)
    rows["temp"] = rows["temp"].astype(object)
    rows.loc[29_990, "temp"] = "broken sensor"
    _, found, kept = ingest(rows, kind=kind)
    assert found.rows == 30_000
    assert kept["_obs_uncast"].notna().sum() == 1
    assert kept.loc[29_990, "_obs_uncast"] == "temp"


def test_hostile_names_and_values_stay_text(small, day):
    names = ['a"b', "c;drop table log;--", "d'e", "f,g", "h=i", "select", "{}", "%s", "é 日本"]
    world = small(features={name: {"type": "category"} for name in names}, segments=names[:1])
    rows = world.rows(day, 3)
    for name in names:
        rows[name] = [f"'; DROP TABLE {name}", '"', "\\"]
    rows["model"] = ["1'; --", 'v"2', "=;,"]
    world.log(day, rows)
    found = ingest_logs(world.monitor, day, world.lake)
    kept = world.lake.table("small", LOGS).read(day).to_pandas()
    assert found.versions == dict.fromkeys(rows["model"], 1)
    for name in names:
        assert kept[name].tolist() == rows[name].tolist()
    assert world.lake.table("small", LOGS).manifest(day)["versions"] == found.versions


def test_reading_twice_changes_no_byte(ingest, small, day):
    world, _, _ = ingest(small().rows(day, 3000))
    path = world.lake.table("small", LOGS).path(day)
    before = path.read_bytes()
    ingest_logs(world.monitor, day, world.lake)
    assert path.read_bytes() == before


def test_categories_stored_as_integers_and_columns_without_a_type_are_no_change(ingest, small, day):
    table = pa.Table.from_pandas(small().rows(day, 3), preserve_index=False)
    table = table.set_column(table.schema.get_field_index("carrier"), "carrier", pa.array([7, 8, None]))
    table = table.set_column(table.schema.get_field_index("temp"), "temp", pa.nulls(3))
    _, found, kept = ingest(table=table)
    assert kept["carrier"].tolist()[:2] == ["7", "8"]
    assert kept["temp"].isna().all()
    assert changes(found) == []


def test_what_json_mixes_of_types_is_text(ingest, small, day):
    rows = small().rows(day, 4)
    rows["carrier"] = ["AA", 7, None, 1.5]
    rows["temp"] = [1, "2.5", None, "x"]
    _, _, kept = ingest(rows, kind="jsonl")
    assert kept["carrier"].fillna("").tolist() == ["AA", "7", "", "1.5"]
    assert kept["temp"].tolist()[:2] == [1.0, 2.5]
    assert kept["_obs_uncast"].fillna("").tolist() == ["", "", "", "temp"]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("change", ["replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_fails_the_day(ingest, day, monkeypatch, kind, change):
    world, _, _ = ingest(kind=kind)
    world.log(day, world.rows(day, 1000), kind=kind)
    partition = world.lake.table("small", LOGS).path(day)
    before = partition.read_bytes()
    counted = stage.find_repeats
    file = world.root / f"logs/{day}.{kind}"

    def meanwhile(*given):
        found = counted(*given)
        if change == "removed":
            file.unlink()
        else:
            world.log(day, world.rows(day, 5000, seed=3), kind=kind)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(stage, "find_repeats", meanwhile)
        with pytest.raises(SourceError) as caught:
            ingest_logs(world.monitor, day, world.lake)
    assert str(file) in caught.value.message
    assert "run the day again" in caught.value.remedy.lower()
    assert partition.read_bytes() == before
    assert [path.name for path in partition.parent.iterdir()] == ["data.parquet"]
    if change == "replaced":
        assert ingest_logs(world.monitor, day, world.lake).rows == 5000


def test_the_manifest_says_what_each_file_was_like(ingest, small, day):
    world, _, _ = ingest(small().rows(day, 10))
    table = world.lake.table("small", LOGS)
    file = world.root / f"logs/{day}.parquet"
    [found] = table.manifest(day)["files"]
    assert (found["name"], found["size"]) == (str(file), file.stat().st_size)
    written = dt.datetime.fromisoformat(found["modified"][:26] + "+00:00")
    assert written.timestamp() == pytest.approx(file.stat().st_mtime, abs=1e-5)
    assert found["content"]
