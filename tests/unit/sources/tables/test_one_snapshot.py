"""What holds for tables of every kind: one snapshot, days by the log's statistics, rows of a day alone."""

import contextvars
import datetime as dt
import pickle
from dataclasses import replace

import pyarrow as pa
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.sources.changed_logs import changed_days, really_changed
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import ingest_labels, label_book
from obs_dagster.sources.protocol import source_of
from obs_dagster.sources.tables.pins import Pins, pinned
from tests.tables import arrow

ONE = dt.timedelta(days=1)
KINDS = ("delta", "iceberg_sql")


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def ids(world, monitor, day):
    ingest_logs(monitor, day, world.lake)
    return sorted(world.lake.table("small", LOGS).read(day)["id"].to_pylist())


def test_a_day_has_its_rows_and_its_manifest_the_snapshot(logged, kind, day):
    world, tables = logged(kind)
    assert ids(world, world.monitor, day + ONE) == sorted(world.rows(day + ONE, 20)["id"])
    read = world.lake.table("small", LOGS).manifest(day + ONE)["snapshot"]
    assert read["id"] == str(tables.snapshot("log"))
    assert dt.datetime.fromisoformat(read["at"]).tzinfo is not None


def test_files_of_other_days_are_not_opened(logged, bucket, object_server, kind, day):
    world, tables = logged(kind, bucket, days=6)
    monitor = world.monitor
    object_server.requests.clear()
    ingest_logs(monitor, day + 2 * ONE, world.lake)
    names = {each.rpartition("/")[2] for each in tables.files("log")}
    opened = {
        path.rpartition("/")[2]
        for method, path in object_server.requests
        if method == "GET" and path.rpartition("/")[2] in names
    }
    assert len(names) == 6
    assert len(opened) == 1


def test_the_days_that_changed_are_known_by_the_log_alone(logged, bucket, object_server, kind, day):
    world, tables = logged(kind, bucket)
    for number in range(3):
        ingest_logs(world.monitor, day + number * ONE, world.lake)
    assert list(changed_days(world.monitor, world.lake)) == []
    late = world.rows(day + ONE, 5, seed=9)
    tables.append("log", arrow(late))
    object_server.requests.clear()
    [found] = changed_days(world.monitor, world.lake)
    read = [path for method, path in object_server.requests if method == "GET" and path.endswith(".parquet")]
    assert not {each.rpartition("/")[2] for each in tables.files("log")} & {
        path.rpartition("/")[2] for path in read
    }
    assert (found.day, found.kind) == (day + ONE, "changed")
    assert really_changed(world.monitor, world.lake, found)
    assert len(ids(world, world.monitor, day + ONE)) == 25


def test_rows_that_were_rewritten_are_the_same_rows(logged, kind, day):
    world, tables = logged(kind, days=1)
    before = ids(world, world.monitor, day)
    table = tables.open("log")
    rows = arrow(world.rows(day, 20)).take(list(reversed(range(20))))
    table.optimize.compact() if kind == "delta" else None
    tables.create("log", rows, mode="overwrite") if kind == "delta" else table.overwrite(rows)
    [found] = changed_days(world.monitor, world.lake)
    assert not really_changed(world.monitor, world.lake, found)
    assert list(changed_days(world.monitor, world.lake)) == []
    assert ids(world, world.monitor, day) == before


def test_a_night_reads_one_snapshot_whatever_is_written_meanwhile(logged, kind, day):
    world, tables = logged(kind)
    source = source_of(world.monitor.logs)
    first = str(tables.snapshot("log"))
    with pinned("run-1"):
        stamp = source.stamp(world.monitor, day)
    tables.append("log", arrow(world.rows(day, 5, seed=9)))
    with pinned("run-1"):
        assert source.stamp(world.monitor, day) == stamp
        assert source.read_at(world.monitor, world.monitor.logs).id == first
        assert len(ids(world, world.monitor, day)) == 20
    with pinned("run-2"):
        assert source.stamp(world.monitor, day) != stamp
        assert len(ids(world, world.monitor, day)) == 25


def test_a_pinned_snapshot_is_read_after_the_table_moved_on(logged, pinned_at, kind, day):
    world, tables = logged(kind)
    recorded = tables.snapshot("log")
    at = source_of(world.monitor.logs).read_at(world.monitor, world.monitor.logs).at
    tables.delete("log", "id", list(world.rows(day, 20)["id"][:7]))
    assert len(ids(world, world.monitor, day)) == 13
    assert len(ids(world, pinned_at(world, snapshot=recorded), day)) == 20
    assert len(ids(world, pinned_at(world, as_of=at + dt.timedelta(milliseconds=1)), day)) == 20


def test_a_snapshot_that_is_none_is_named_with_what_to_do(logged, pinned_at, kind, day):
    world, _ = logged(kind, days=1)
    with pytest.raises(SourceError, match=r"logs.snapshot: 424242.*(leave the key out)"):
        ingest_logs(pinned_at(world, snapshot=424242), day, world.lake)


def test_files_that_are_gone_are_named_with_what_to_do(logged, kind, day):
    world, tables = logged(kind, days=1)
    from pathlib import Path

    [file] = tables.files("log")
    Path(file).unlink()
    with pytest.raises(SourceError, match=r"files that are gone.*(VACUUM|expired)"):
        ingest_logs(world.monitor, day, world.lake)


def test_a_table_that_is_not_there_is_named(logged, pinned_at, kind, day):
    world, _ = logged(kind, days=1)
    where = {"path": str(world.root / "nowhere")} if kind == "delta" else {"table": "serving.nowhere"}
    with pytest.raises(SourceError, match=r"There is no.*nowhere"):
        ingest_logs(pinned_at(world, **where), day, world.lake)


@pytest.mark.parametrize(
    ("cast", "times"),
    [
        (lambda at: at, {}),
        (lambda at: at.cast(pa.timestamp("us")), {}),
        (lambda at: at.cast(pa.int64()), {"unit": "us"}),
    ],
    ids=["moments", "naive", "numbers"],
)
def test_days_are_those_of_the_monitor_whatever_times_are(logged, kind, day, cast, times):
    def shape(table):
        at = table.schema.get_field_index("at")
        return table.set_column(at, "at", cast(table["at"]))

    world, _ = logged(kind, shape=shape, times=times)
    for place, (zone, expected) in enumerate([("UTC", 20), ("Asia/Tokyo", 0)]):
        monitor = world.monitor.model_copy(update={"time_zone": zone})
        # rows are of the first seconds of a day of UTC, which are morning in Tokyo: of that same day
        found = ids(world, monitor, day + 3 * ONE if place else day)
        assert len(found) == expected
        assert len(ids(world, monitor, day)) == 20


def test_a_day_that_is_no_timestamp_is_refused_with_a_remedy(logged, kind, day):
    def shape(table):
        at = table.schema.get_field_index("at")
        return table.set_column(at, "at", pa.array([str(each) for each in table["at"].to_pylist()]))

    world, _ = logged(kind, days=1, shape=shape)
    with pytest.raises(SourceError, match=r"at of .* is of type .*string.*logs.columns.time"):
        ingest_logs(world.monitor, day, world.lake)


def labelled(world, tables, day, rows, known=ONE):
    truth = arrow(world.rows(day, rows)[["id"]].assign(late=[True, False] * (rows // 2)))
    moment = dt.datetime.combine(day + known, dt.time(1), dt.UTC)
    return truth.append_column("known_at", pa.array([moment] * rows, pa.timestamp("us", "UTC")))


@pytest.fixture
def with_labels(logged, kind, day):
    world, tables = logged(kind)
    tables.create("truth", labelled(world, tables, day, 20))
    labels = world.keys["labels"] | tables.keys("truth")
    world.changes["labels"] = labels
    for number in range(3):
        ingest_logs(world.monitor, day + number * ONE, world.lake)
    return world, tables


def test_labels_that_came_are_read_and_no_others(with_labels, day):
    world, tables = with_labels
    found = ingest_labels(world.monitor, world.lake)
    assert (found.labels, found.touched) == (20, {day: 20})
    assert label_book(world.monitor, world.lake).snapshot["id"] == str(tables.snapshot("truth"))
    assert ingest_labels(world.monitor, world.lake).files == 0
    tables.append("truth", labelled(world, tables, day + ONE, 10))
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (1, 10, {day + ONE: 10})


def test_labels_whose_time_is_missing_are_read_too(with_labels, day):
    world, tables = with_labels
    ingest_labels(world.monitor, world.lake)
    rows = labelled(world, tables, day + 2 * ONE, 6)
    none = pa.array([None] * 6, pa.timestamp("us", "UTC"))
    tables.append("truth", rows.set_column(2, "known_at", none))
    assert ingest_labels(world.monitor, world.lake).touched == {day + 2 * ONE: 6}


def test_labels_in_the_log_itself_are_read_by_the_days_of_predictions(logged, kind, day):
    def shape(table):
        return table.append_column("late", pa.array([number % 2 == 0 for number in range(len(table))]))

    world, tables = logged(kind, shape=shape)
    world.changes["labels"] = {"columns": {"label": "late"}}
    for number in range(3):
        ingest_logs(world.monitor, day + number * ONE, world.lake)
    assert ingest_labels(world.monitor, world.lake).touched == {day + number * ONE: 20 for number in range(3)}
    tables.append("log", shape(arrow(world.rows(day + ONE, 4, seed=3))))
    ingest_logs(world.monitor, day + ONE, world.lake)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.touched) == (1, {day + ONE: 24})


def test_another_process_reads_what_the_night_has_pinned_and_says_what_it_pins(logged, kind, day):
    world, tables = logged(kind)
    source, logs = source_of(world.monitor.logs), world.monitor.logs
    with pinned(f"night {world.root}"):
        first = source.read_at(world.monitor, logs)
        pins = pickle.loads(pickle.dumps(Pins.now()))  # noqa: S301  its own
    early = contextvars.Context()
    early.run(replace(pins, night=f"while it is the newest {world.root}").adopt)
    still = early.run(source.snapshot, world.monitor, logs)
    assert (still.name.id, still.place.pinned) == (first.id, ""), "it is read as here, with today's columns"
    tables.append("log", arrow(world.rows(day, 3, seed=8)))
    elsewhere = contextvars.Context()
    # as in a process that has read nothing yet
    other = replace(pins, night=f"the same night, elsewhere {world.root}")
    elsewhere.run(other.adopt)
    assert elsewhere.run(source.read_at, world.monitor, logs).id == first.id
    assert dict(elsewhere.run(Pins.now).ids) == dict(pins.ids)
    newest = source.read_at(world.monitor, logs)
    assert newest.id != first.id
    fresh = contextvars.Context()
    fresh.run(Pins(f"the first to read {world.root}").adopt)
    fresh.run(source.read_at, world.monitor, logs)
    asked = f"the night that asked {world.root}"
    with pinned(asked):
        replace(fresh.run(Pins.now), night=asked).adopt()
        tables.append("log", arrow(world.rows(day, 3, seed=9)))
        assert source.read_at(world.monitor, logs).id == newest.id


def test_what_executors_of_spark_pin_all_of_the_night_reads(logged, spark, day):
    world, tables = logged("delta")
    world = replace(world, changes=world.changes | {"engine": {"kind": "spark", **spark}})
    monitor = world.monitor
    with pinned(f"on Spark {world.root}"):
        assert ids(world, monitor, day) == sorted(world.rows(day, 20)["id"])
        (pin,) = (name for _, name in Pins.now().ids)
        tables.append("log", arrow(world.rows(day + ONE, 5, seed=9)))
        ids(world, monitor, day + ONE)
    manifests = [world.lake.table("small", LOGS).manifest(each) for each in (day, day + ONE)]
    assert [each["snapshot"]["id"] for each in manifests] == [pin, pin]
    assert manifests[1]["rows"] == 20


def test_a_process_that_knows_an_older_state_reads_what_the_night_has_pinned(logged, kind, day):
    world, tables = logged(kind)
    source, logs = source_of(world.monitor.logs), world.monitor.logs
    with pinned(f"before {world.root}"):
        before = source.read_at(world.monitor, logs)
        (key,) = (key for key, _ in Pins.now().ids)
    tables.append("log", arrow(world.rows(day, 3, seed=8)))
    told = str(tables.snapshot("log"))
    tables.append("log", arrow(world.rows(day, 3, seed=9)))
    context = contextvars.Context()
    context.run(Pins(f"tonight {world.root}", ((key, told),)).adopt)
    assert told != before.id
    assert context.run(source.read_at, world.monitor, logs).id == told
    assert source.read_at(world.monitor, logs).id == str(tables.snapshot("log"))
