"""What a store does when its service fails, is slow, forgets an answer, or somebody else writes."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.lake.lake import Lake, manifest_if_readable, read_json, replacing, write_json
from obs_dagster.sources.files import connect
from obs_dagster.store import LostRaceError, StoreError, objects, place
from obs_dagster.store.probe import probe


def put(path, text):
    with replacing(path) as aside:
        aside.write_text(text)
    return path


@pytest.fixture
def impatient(monkeypatch):
    """Stores that give up soon."""
    from datetime import timedelta

    soon = {"init_backoff": timedelta(milliseconds=1), "max_backoff": timedelta(milliseconds=2)}
    monkeypatch.setattr(
        objects, "RETRIES", {"max_retries": 2, "retry_timeout": timedelta(5), "backoff": soon}
    )


def test_a_service_that_is_busy_is_asked_again(object_server, bucket):
    path = put(bucket / "a.txt", "one")
    object_server.failing = lambda number, *_: number % 2 == 0
    put(path, "two")
    assert path.read_text() == "two"
    assert [each.name for each in bucket.glob("*")] == ["a.txt"]


def test_a_service_that_stays_busy_is_told_and_passes_for_nothing_else(object_server, impatient, bucket, day):
    write_json(bucket / "a.json", {"x": 1})
    Lake(bucket).table("m", "t").write(day, pa.table({"x": [1]}), {})
    file = next(bucket.rglob("*.parquet"))
    object_server.failing = lambda *_: True
    for ask in (
        lambda: read_json(bucket / "a.json"),
        # what cannot be reached is not damaged, and not absent
        lambda: manifest_if_readable(file),
        file.exists,
        lambda: list(bucket.glob("*")),
        lambda: Lake(bucket).table("m", "t").days_between(day - dt.timedelta(days=9), day),
        lambda: put(file, "x"),
    ):
        with pytest.raises(StoreError, match="503"):
            ask()


def test_a_write_whose_answer_is_lost_has_been_done(object_server, bucket):
    path = bucket / "a.txt"
    lost = iter([True])
    object_server.losing = lambda _, method, __: method == "PUT" and next(lost, False)
    put(path, "one")
    assert path.read_text() == "one"
    lost = iter([True])
    put(path, "two")
    assert path.read_text() == "two"


def test_who_comes_second_is_told_and_overwrites_nothing(bucket):
    path = bucket / "a.txt"

    def race(others):
        with replacing(path) as aside:
            put(path, others)
            aside.write_text("mine")

    for others in ("made", "replaced"):
        with pytest.raises(LostRaceError, match="was written by another process"):
            race(others)
        assert path.read_text() == others


def test_of_many_writers_one_at_a_time_gets_through(bucket):
    path = bucket / "count.json"
    write_json(path, 0)

    def add(_):
        while True:
            try:
                before = path.stamp()
                count = read_json(path)
                path.store.put(path.key, str(count + 1).encode(), before)
            except LostRaceError:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    # an answer between two reads may be of the later state, whose stamp is then refused
    assert read_json(path) == 12


def test_lists_that_lag_hide_no_day_that_is_asked_for(object_server, bucket, day):
    table = Lake(bucket).table("m", "t")
    table.write(day, pa.table({"x": [1]}), {})
    object_server.hidden.add(table.path(day).key)
    assert table.days() == []
    assert table.exists(day)
    assert table.days_between(day, day) == [day]
    assert table.read(day).num_rows == 1


def test_large_objects_go_in_pieces_and_come_in_pieces(bucket, monkeypatch):
    monkeypatch.setattr(objects, "_ONE_REQUEST", 1 << 20)
    monkeypatch.setattr(objects, "_RANGE", 1 << 20)
    content = bytes(range(256)) * (7 << 12)
    path = bucket / "large"
    path.store.put(path.key, content, None)
    assert path.read_bytes() == content
    with pytest.raises(LostRaceError):
        path.store.put(path.key, content, None)
    path.store.put(path.key, content[1:], path.stamp())
    assert path.read_bytes() == content[1:]


def test_a_large_file_is_read_in_ranges_of_one_version(object_server, bucket, monkeypatch):
    from obs_dagster.store import duckdb_files, parts

    monkeypatch.setattr(parts, "_WHOLE", 0)
    path = bucket / "x.parquet"

    def write(first):
        numbers = pa.table({"x": range(first, first + 100_000), "y": [str(n) for n in range(100_000)]})
        file = pa.BufferOutputStream()
        pq.write_table(numbers, file, row_group_size=10_000, compression="none")
        path.store.put(path.key, file.getvalue().to_pybytes(), path.stamp())

    write(0)
    object_server.requests.clear()
    with connect() as connection:
        found = connection.sql(f"SELECT min(x), count(*) FROM read_parquet(['{path}']) WHERE x >= 50000")
        assert found.fetchall() == [(50_000, 50_000)]
        opened = duckdb_files._Objects().open(str(path))
        assert opened.read(4) == b"PAR1"
        write(7)
        with pytest.raises(LostRaceError, match="was written by another process"):
            opened.read(4)
        assert connection.sql(f"SELECT min(x) FROM read_parquet(['{path}'])").fetchall() == [(7,)]


def test_a_copy_is_not_to_be_written(bucket):
    path = put(bucket / "a.txt", "one")
    with pytest.raises(StoreError, match="not possible"):
        path.write_text("two")
    with pytest.raises(StoreError, match="not possible"):
        path.open("w")
    with pytest.raises(StoreError, match="not possible"):
        path.rename(bucket / "b.txt")


def test_a_store_is_tried(object_server, bucket):
    probe(bucket / "lake")
    assert list(bucket.rglob("*")) == []
    with pytest.raises(StoreError, match="There is no bucket"):
        probe(place("s3://no-such-bucket-at-all/lake"))


@pytest.mark.parametrize(
    ("text", "told"), [("ftp://a/b", "no store of files that is known"), ("s3:///b", "names no bucket")]
)
def test_an_address_that_leads_nowhere_is_told(text, told):
    with pytest.raises(StoreError, match=told):
        place(text)


def test_nobody_answers(object_server, impatient, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="s3://nobody-home/a cannot be used"):
        (place("s3://nobody-home") / "a").exists()
