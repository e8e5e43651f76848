import datetime as dt
import random
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.evaluation.log_records import label_records
from obs_dagster.sources import label_rows
from obs_dagster.sources import labels as labels_module
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day):
    """Three days of logs, ingested."""
    world = small()
    for offset in range(3):
        world.log(day + offset * ONE, world.rows(day + offset * ONE, 20))
        ingest_logs(world.monitor, day + offset * ONE, world.lake)
    return world


def truth(world, day):
    table = world.lake.table("small", GROUND_TRUTH)
    return (
        {row["prediction_id"]: row["label"] for row in table.read(day).to_pylist()}
        if table.exists(day)
        else {}
    )


def fingerprint(world, day):
    return world.lake.table("small", GROUND_TRUTH).manifest(day)["fingerprint"]


def ids(world, day):
    return world.rows(day, 20)["id"].tolist()


def file(world, name, labels, known_at):
    return world.write(
        f"labels/{name}",
        pd.DataFrame({"id": list(labels), "late": list(labels.values()), "known_at": known_at}),
    )


def test_late_labels_go_to_the_days_of_their_predictions(world, day):
    first, last = ids(world, day), ids(world, day + 2 * ONE)
    file(world, "a.parquet", {first[0]: True, last[0]: False}, pd.Timestamp(day, tz="UTC"))
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.rejected, found.waiting) == (1, 2, 0, 0)
    assert found.touched == {day: 1, day + 2 * ONE: 1}
    file(world, "b.parquet", {first[1]: True}, pd.Timestamp(day + 30 * ONE, tz="UTC"))
    found = ingest_labels(world.monitor, world.lake)
    assert found.touched == {day: 2}
    assert truth(world, day) == {first[0]: True, first[1]: True}
    assert truth(world, day + 2 * ONE) == {last[0]: False}


def test_the_label_known_last_wins_whenever_it_is_read(world, day):
    one = ids(world, day)[0]
    file(world, "z.parquet", {one: True}, pd.Timestamp("2024-03-09", tz="UTC"))
    ingest_labels(world.monitor, world.lake)
    file(world, "a.parquet", {one: False}, pd.Timestamp("2024-03-08", tz="UTC"))
    assert ingest_labels(world.monitor, world.lake).touched == {}
    assert truth(world, day) == {one: True}
    file(world, "b.parquet", {one: False}, pd.Timestamp("2024-03-10", tz="UTC"))
    assert ingest_labels(world.monitor, world.lake).touched == {day: 1}
    assert truth(world, day) == {one: False}


def test_reading_twice_changes_nothing(world, day):
    rows = world.rows(day, 20)
    path = world.labels("a.parquet", rows, day=day)
    ingest_labels(world.monitor, world.lake)
    before = world.state()
    assert ingest_labels(world.monitor, world.lake).files == 0
    path.touch()
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.touched) == (1, {})
    after = world.state()
    for state in (before, after):
        state.pop("small/labels/files_read.json")
    assert after == before


def test_a_rewritten_file_is_read_again(world, day):
    one, two = ids(world, day)[:2]
    file(world, "a.parquet", {one: True}, pd.Timestamp("2024-03-09", tz="UTC"))
    ingest_labels(world.monitor, world.lake)
    before = fingerprint(world, day)
    file(world, "a.parquet", {one: False, two: True}, pd.Timestamp("2024-03-09", tz="UTC"))
    assert ingest_labels(world.monitor, world.lake).touched == {day: 2}
    assert truth(world, day) == {one: False, two: True}
    assert fingerprint(world, day) != before


def test_labels_wait_for_their_prediction(world, day):
    late = day + 5 * ONE
    rows = world.rows(late, 20)
    world.labels("a.parquet", rows, day=late)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.waiting, found.touched) == (20, {})
    assert ingest_labels(world.monitor, world.lake).waiting == 20
    # a correction reaches a label that waits
    file(
        world, "b.parquet", {rows["id"][0]: not rows["score"][0] > 0.5}, pd.Timestamp("2024-04-01", tz="UTC")
    )
    assert ingest_labels(world.monitor, world.lake).waiting == 20
    world.log(late, rows)
    ingest_logs(world.monitor, late, world.lake)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.waiting, found.touched) == (0, 0, {late: 20})
    expected = dict(zip(rows["id"], rows["score"] > 0.5, strict=True))
    expected[rows["id"][0]] ^= True
    assert truth(world, late) == expected


def test_an_id_that_occurs_on_two_days_has_its_label_on_both(world, day):
    rows = world.rows(day, 20)
    world.log(day + ONE, rows)
    ingest_logs(world.monitor, day + ONE, world.lake)
    world.labels("a.parquet", rows, day=day)
    ingest_labels(world.monitor, world.lake)
    assert truth(world, day) == truth(world, day + ONE)
    assert len(truth(world, day)) == 20


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (pa.array([True, False, None]), True),
        (pa.array([True, False, None]), 1),
        (pa.array([1, 0, None]), True),
        (pa.array([1, 0, None]), 1),
        (pa.array([1.0, 0.0, None]), 1),
        (pa.array([1.0, 0.0, float("nan")]), True),
        (pa.array([2, 1, None]), 2),
        (pa.array(["late", "on time", None]), "late"),
        (pa.array(["True", "False", None]), True),
        (pa.array(["true", "false", None]), True),
        (pa.array(["1", "0", None]), 1),
        (pa.array([False, True, None]), False),
    ],
)
def test_the_positive_class_is_found_in_every_type(world, day, values, positive):
    world.changes["labels"] = world.monitor.labels.model_dump() | {"positive": positive}
    one, two, three = ids(world, day)[:3]
    (world.root / "labels").mkdir()
    known = pa.array([dt.datetime(2024, 3, 9, tzinfo=dt.UTC)] * 3)
    pq.write_table(
        pa.table({"id": [one, two, three], "late": values, "known_at": known}),
        world.root / "labels/a.parquet",
    )
    found = ingest_labels(world.monitor, world.lake)
    assert truth(world, day) == {one: True, two: False}
    assert (found.labels, found.rejected) == (2, 1)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_other_formats_keep_ids_as_they_are_written(world, day, kind):
    rows = world.rows(day, 3).assign(id=["007", "7", "1e3"])
    world.log(day, rows)
    ingest_logs(world.monitor, day, world.lake)
    world.changes["labels"] = world.monitor.labels.model_dump() | {"source": kind}
    world.labels(f"a.{kind}", rows, day=day, late=[True, False, True])
    ingest_labels(world.monitor, world.lake)
    assert truth(world, day) == {"007": True, "7": False, "1e3": True}


@pytest.mark.parametrize("kind", ["int64", "float64"])
@pytest.mark.parametrize("stored", ["int64", "float64"])
def test_whole_numbers_are_the_same_id_however_they_are_stored(world, day, kind, stored):
    rows = world.rows(day, 3).assign(id=[5, 70, 2_000_000_001])
    world.log(day, rows.astype({"id": stored}))
    ingest_logs(world.monitor, day, world.lake)
    world.labels("a.parquet", rows.astype({"id": kind}), day=day, late=[True, False, True])
    ingest_labels(world.monitor, world.lake)
    assert truth(world, day) == {"5": True, "70": False, "2000000001": True}


def test_a_missing_column_is_named(world, day):
    world.write("labels/a.parquet", pd.DataFrame({"id": ["x"], "outcome": [True]}))
    (told,) = ingest_labels(world.monitor, world.lake).book.refused
    assert "a.parquet has no column late, known_at; it has id, outcome" in told


def damage(path):
    path.write_bytes(path.read_bytes()[:-30])


def empty(path):
    path.write_bytes(b"")


def no_text(path):
    path.write_bytes(bytes(range(256)) * 20)


def other_columns(path):
    path.write_text('{"other": 1}\n' if path.suffix == ".jsonl" else "other\n1\n")


UNREADABLE = [
    ("parquet", empty, "is empty (0 bytes)"),
    ("parquet", damage, "as parquet"),
    ("parquet", no_text, "as parquet"),
    ("csv", empty, "is empty (0 bytes)"),
    ("csv", no_text, "as csv"),
    ("csv", other_columns, "has no column id, late, known_at; it has other"),
    ("jsonl", empty, "is empty (0 bytes)"),
    ("jsonl", damage, "as jsonl"),
    ("jsonl", other_columns, "has no column id"),
]


@pytest.mark.parametrize(
    ("kind", "spoil", "cause"), UNREADABLE, ids=[f"{kind}-{spoil.__name__}" for kind, spoil, _ in UNREADABLE]
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(small, day, kind, spoil, cause):
    world = small()
    world.changes["labels"] = world.monitor.labels.model_dump() | {
        "source": kind,
        "path": str(world.root / f"labels/*.{kind}"),
    }
    for each in (day, day + ONE, day + 2 * ONE):
        world.log(each, world.rows(each, 20))
        ingest_logs(world.monitor, each, world.lake)
    for name, each in (("a", day), ("b", day + ONE), ("c", day + 2 * ONE)):
        path = world.labels(f"{name}.{kind}", world.rows(each, 20), day=each)
        whole = path.read_bytes()
        if name == "b":
            spoil(path)
            spoiled = path, path.read_bytes()
            sound = whole
    found = ingest_labels(world.monitor, world.lake)
    assert found.touched == {day: 20, day + 2 * ONE: 20}
    (told,) = found.book.refused
    assert f"b.{kind}" in told
    assert cause in told
    assert found.book.wrong
    # it is tried again, and stays refused
    again = ingest_labels(world.monitor, world.lake)
    assert (again.touched, again.book.refused) == ({}, [told])
    spoiled[0].write_bytes(sound)
    mended = ingest_labels(world.monitor, world.lake)
    assert (mended.touched, mended.book.wrong) == ({day + ONE: 20}, False)


def test_a_file_that_was_spoiled_after_it_was_read_takes_no_label_back(world, day):
    path = world.labels("a.parquet", world.rows(day, 20), day=day)
    ingest_labels(world.monitor, world.lake)
    before = truth(world, day)
    empty(path)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.touched, len(found.book.refused)) == ({}, 1)
    assert truth(world, day) == before


def test_labels_that_are_read_otherwise_wait_for_the_file_that_cannot_be_read(world, day):
    first, second = world.rows(day, 20), world.rows(day + ONE, 20)
    texts = ["a"] * 9 + ["b"] * 10 + ["m"]
    world.labels("a.parquet", first, day=day, late=texts)
    spoiled = world.labels("b.parquet", second, day=day, late=texts)
    sound = spoiled.read_bytes()
    world.changes["labels"] = world.monitor.labels.model_dump() | {
        "positive": "a",
        "negative": ("b", "m"),
    }
    ingest_labels(world.monitor, world.lake)
    empty(spoiled)
    world.changes["labels"] |= {"negative": ("b",)}
    ingest_labels(world.monitor, world.lake)
    assert (len(truth(world, day)), len(truth(world, day + ONE))) == (19, 20)
    spoiled.write_bytes(sound)
    ingest_labels(world.monitor, world.lake)
    # the one that is of neither class now is taken back
    assert (len(truth(world, day)), len(truth(world, day + ONE))) == (19, 19)


def test_a_source_that_cannot_be_looked_at_leaves_all_as_it_was(world, day):
    world.labels("a.parquet", world.rows(day, 20), day=day)
    before = ingest_labels(world.monitor, world.lake).book
    link = world.root / "labels/b.parquet"
    link.symlink_to(world.root / "nowhere")
    found = ingest_labels(world.monitor, world.lake)
    assert (found.touched, found.book.wrong) == ({}, True)
    assert "b.parquet" in found.book.unreachable
    link.unlink()
    assert ingest_labels(world.monitor, world.lake).book == before


def test_labels_read_as_another_class_are_read_again(world, day):
    world.labels("a.parquet", world.rows(day, 20), day=day)
    ingest_labels(world.monitor, world.lake)
    before = truth(world, day)
    world.changes["labels"] = world.monitor.labels.model_dump() | {"positive": False}
    assert ingest_labels(world.monitor, world.lake).touched == {day: 20}
    assert truth(world, day) == {key: not label for key, label in before.items()}


def test_without_known_at_the_file_read_last_wins(world, day):
    world.changes["labels"] = world.monitor.labels.model_dump() | {
        "columns": {"prediction_id": "id", "label": "late"}
    }
    one = ids(world, day)[0]
    for name, label in (("a.parquet", True), ("b.parquet", False)):
        world.write(f"labels/{name}", pd.DataFrame({"id": [one], "late": [label]}))
        ingest_labels(world.monitor, world.lake)
    assert truth(world, day) == {one: False}


def test_a_monitor_without_labels_reads_none(world):
    world.changes["labels"] = None
    assert ingest_labels(world.monitor, world.lake).files == 0


@given(st.randoms(use_true_random=False), st.integers(1, 4))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_does_not_matter(small, day, shuffler: random.Random, nights):
    """Logs and label files in any order, over any number of nights, give the same truth."""
    rng = np.random.default_rng(shuffler.randrange(1000))
    world = small(uuid4().hex)
    days = [day, day + ONE]
    events = [("log", each, None) for each in days]
    expected = {}
    for number, name in enumerate("abcd"):
        rows = pd.concat(world.rows(each, 6) for each in days).sample(7, random_state=number)
        labels = pd.DataFrame(
            {
                "id": rows["id"],
                "late": rng.random(7) < 0.5,
                "known_at": pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=number),
            }
        )
        expected |= dict(zip(labels["id"], labels["late"], strict=True))
        events.append(("labels", name, labels))
    shuffler.shuffle(events)
    for part in np.array_split(np.arange(len(events)), nights):
        for kind, name, labels in (events[position] for position in part):
            if kind == "log":
                world.log(name, world.rows(name, 6))
                ingest_logs(world.monitor, name, world.lake)
            else:
                world.write(f"labels/{name}.parquet", labels)
        ingest_labels(world.monitor, world.lake)
    assert truth(world, days[0]) | truth(world, days[1]) == expected


def accounts(world):
    book = ingest_labels(world.monitor, world.lake).book
    return book.matched, book.waited_for, book.without_use, book.unaccounted


def test_every_label_has_its_prediction_or_is_accounted_for(world, day):
    known = ids(world, day)
    at = pd.Timestamp(day, tz="UTC")
    file(world, "a.parquet", {known[0]: True, known[1]: False, "nobody": True}, at)
    assert accounts(world) == (2, 1, 0, 0)
    # corrected, said twice, without an id, without a value: together with a label that comes for a waiting id
    world.write(
        "labels/b.parquet",
        pd.DataFrame(
            {
                "id": [known[1], known[2], known[2], None, None, known[3], "somebody"],
                "late": pd.array([True, True, True, True, None, None, False], dtype="boolean"),
                "known_at": at + ONE,
            }
        ),
    )
    assert accounts(world) == (3, 2, 3, 0)
    assert accounts(world) == (3, 2, 3, 0)


def test_a_label_that_gets_lost_on_its_way_is_told(world, day, monkeypatch):
    sort = labels_module._sort_to_days

    def losing(connection, *given):
        connection.execute("DELETE FROM incoming WHERE prediction_id = 'nobody'")
        return sort(connection, *given)

    monkeypatch.setattr(labels_module, "_sort_to_days", losing)
    file(world, "a.parquet", {ids(world, day)[0]: True, "nobody": True}, pd.Timestamp(day, tz="UTC"))
    found = ingest_labels(world.monitor, world.lake).book
    assert found.unaccounted == 1
    assert found.wrong
    assert any("1 labels were read and are nowhere" in note for note in found.notes())


def test_a_row_of_no_kind_is_told(world, day, monkeypatch):
    monkeypatch.setitem(label_rows._COUNTED, "untold", "prediction_id = 'odd'")
    file(world, "a.parquet", {"odd": True}, pd.Timestamp(day, tz="UTC"))
    assert ingest_labels(world.monitor, world.lake).book.unaccounted == 1


def test_where_labels_are_is_recorded_for_the_night(world, day):
    file(world, "a.parquet", {ids(world, day)[0]: True, "nobody": True}, pd.Timestamp(day, tz="UTC"))
    book = ingest_labels(world.monitor, world.lake).book
    records = {each.metric: each for each in label_records(book, day, world.recorder)}
    assert {name: record.value for name, record in records.items()} == {
        "labels_joined": 1,
        "labels_waiting": 1,
        "labels_conflicting": 0,
        "labels_unusable": 0,
        "labels_unaccounted": 0,
    }
    assert {record.n for record in records.values()} == {2}
