"""Values that are of neither class, and labels that contradict each other: named, counted, never guessed."""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels, label_book

COLUMNS = {"prediction_id": "id", "label": "late"}


@pytest.fixture
def world(small, day):
    world = small()
    world.log(day, world.rows(day, 20))
    ingest_logs(world.monitor, day, world.lake)
    return world


def declare(world, **keys):
    world.changes["labels"] = world.monitor.labels.model_dump() | keys


def write(world, day, name, values, *, known_at="2024-03-09", ids=None):
    ids = world.rows(day, 20)["id"].tolist()[: len(values)] if ids is None else ids
    known = pa.array(
        [pd.Timestamp(known_at, tz="UTC").to_pydatetime()] * len(values), pa.timestamp("us", "UTC")
    )
    path = world.root / "labels" / name
    path.parent.mkdir(exist_ok=True)
    late = values if isinstance(values, pa.Array) else pa.array(values)
    pq.write_table(pa.table({"id": ids, "late": late, "known_at": known}), path)


def read(world, day):
    found = ingest_labels(world.monitor, world.lake)
    return found, truth(world, day)


def truth(world, day):
    table = world.lake.table("small", GROUND_TRUTH)
    return [row["label"] for row in table.read(day).to_pylist()] if table.exists(day) else []


def counted(labels):
    return labels.count(True), labels.count(False)


@pytest.mark.parametrize(
    ("positive", "values", "third"),
    [
        (True, ["1"] * 3 + ["0"] * 4, "pending"),
        (True, ["yes"] * 3 + ["no"] * 4, "2"),
        (1, ["1.0"] * 3 + ["0.0"] * 4, "unknown"),
        ("late", ["late"] * 3 + ["on time"] * 4, "pending"),
        ("late", ["Late "] * 3 + ["ON TIME"] * 4, "?"),
    ],
)
def test_a_third_value_is_rejected_by_name(world, day, positive, values, third):
    declare(world, positive=positive)
    write(world, day, "a.parquet", [*values, third, third, None])
    found, labels = read(world, day)
    assert counted(labels) == (3, 4)
    assert (found.labels, found.rejected, found.book.unusable) == (7, 3, {third: 2})
    assert third in " ".join(found.book.notes())
    assert label_book(world.monitor, world.lake) == found.book


@pytest.mark.parametrize(
    ("positive", "values"),
    [
        (True, pa.array([1, 2, 2, 1])),
        (True, pa.array([1, -1, -1, 1])),
        (True, pa.array([0.2, 0.9, 1.0, 0.4])),
        (True, pa.array(["late", "on time"])),
        ("lat", pa.array(["late", "on time"])),
        ("yse", pa.array(["yes", "no"])),
        ("late", pa.array(["on time"] * 4)),
        ("late", pa.array(["late", "on time", "cancelled"])),
        ("late", pa.array([1.5, 2.5])),
        (3, pa.array([1.5, 2.0])),
        (True, pa.array([dt.date(2024, 3, 4)])),
    ],
    ids=str,
)
def test_labels_whose_other_class_is_not_known_are_kept_back(world, day, positive, values):
    declare(world, positive=positive)
    write(world, day, "a.parquet", values)
    found, labels = read(world, day)
    assert (found.labels, found.rejected, found.waiting, labels) == (0, len(values), 0, [])
    notes = " ".join(found.book.notes())
    assert "No label of" in notes
    assert "labels.negative" in notes


def test_naming_the_negative_value_is_all_it_takes(world, day):
    write(world, day, "a.parquet", [1, 2, 2, 1, 3])
    assert read(world, day)[1] == []
    declare(world, negative=2)
    found, labels = read(world, day)
    assert counted(labels) == (2, 2)
    assert found.book.unusable == {"3": 1}
    declare(world, negative=(2, 3))
    found, labels = read(world, day)
    assert counted(labels) == (2, 3)
    assert list(found.book.notes()) == []


def test_a_label_that_is_of_no_class_any_more_is_taken_back(world, day):
    declare(world, negative=("no", "pending"))
    write(world, day, "a.parquet", ["yes", "no", "pending", "pending"])
    assert counted(read(world, day)[1]) == (1, 3)
    declare(world, negative=None)
    assert counted(read(world, day)[1]) == (1, 1)


def test_the_negative_value_is_learned_once(world, day):
    declare(world, positive="late")
    ids = world.rows(day, 20)["id"].tolist()
    write(world, day, "a.parquet", ["on time"] * 4, ids=ids[:4])
    assert read(world, day)[1] == []
    write(world, day, "b.parquet", ["late"] * 2, ids=ids[4:6])
    found, labels = read(world, day)
    assert counted(labels) == (2, 4)
    assert found.book.negative == "on time"
    # from now on anything else is a third value, and the first one needs no company
    write(world, day, "c.parquet", ["late", "on time", "cancelled"], ids=ids[6:9])
    write(world, day, "d.parquet", ["on time"], ids=ids[9:10])
    found, labels = read(world, day)
    assert counted(labels) == (3, 6)
    assert found.book.unusable == {"cancelled": 1}


def test_a_vocabulary_that_changes_is_not_half_read(world, day):
    ids = world.rows(day, 20)["id"].tolist()
    write(world, day, "a.parquet", [1, 0, 1, 0], ids=ids[:4])
    write(world, day, "b.parquet", [1, 2, 2, 1], ids=ids[4:8])
    found, labels = read(world, day)
    assert counted(labels) == (2, 2)
    assert found.book.unusable == {"2": 2}
    assert "b.parquet" in " ".join(found.book.notes())


def test_a_few_odd_values_cost_no_file_whose_class_is_rare(world, day):
    ids = [f"x{number}" for number in range(100)]
    write(world, day, "a.parquet", [1, 0], ids=["y0", "y1"])
    write(world, day, "b.parquet", [0] * 99 + [7], ids=ids)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.labels, found.rejected, found.waiting) == (101, 1, 101)


def test_an_unknown_label_is_not_known_yet(world, day):
    write(world, day, "a.parquet", ["1", None, "", " ", "0"])
    found, labels = read(world, day)
    assert counted(labels) == (1, 1)
    assert [each.unknown for each in found.book.files.values()] == [3]
    assert list(found.book.notes()) == []


@pytest.mark.parametrize("with_time", [True, False])
def test_of_two_labels_at_one_time_the_later_row_counts_and_both_are_told(world, day, with_time):
    if not with_time:
        declare(world, columns=COLUMNS)
    one, two, three, four = world.rows(day, 20)["id"].tolist()[:4]
    write(
        world, day, "a.parquet", [True, False, True, False, True, True], ids=[one, one, two, three, two, four]
    )
    write(world, day, "b.parquet", [False], ids=[three])
    found, labels = read(world, day)
    assert labels == [False, True, False, True]
    assert (found.book.conflicts, found.book.conflicting) == (1, [one])
    assert one in " ".join(found.book.notes())
    # nothing new was read, and nothing was forgotten
    assert read(world, day)[0].book.conflicts == 1


def test_a_later_label_is_no_conflict(world, day):
    one = world.rows(day, 20)["id"].iloc[0]
    times = [dt.datetime(2024, 3, at, tzinfo=dt.UTC) for at in (11, 9, 10)]
    (world.root / "labels").mkdir()
    pq.write_table(
        pa.table({"id": [one] * 3, "late": [True, False, False], "known_at": times}),
        world.root / "labels/a.parquet",
    )
    found, labels = read(world, day)
    assert (labels, found.book.conflicts) == ([True], 0)


def test_a_time_that_is_none_is_told(world, day):
    one, two = world.rows(day, 20)["id"].tolist()[:2]
    (world.root / "labels").mkdir()
    late = pa.table(
        {"id": [one, one, two], "late": [True, False, True], "known_at": ["2024-03-09", "9.3.24", None]}
    )
    pq.write_table(late, world.root / "labels/a.parquet")
    found, labels = read(world, day)
    assert labels == [True, True]
    assert "1 labels have a known_at that is no time" in " ".join(found.book.notes())


def test_both_versions_of_a_request_have_its_label(world, day):
    later = day + dt.timedelta(days=1)
    rows = world.rows(later, 20)
    shadow = rows.assign(model="2", score=1 - rows["score"])
    world.log(later, pd.concat([rows, shadow, shadow.head(5)]))
    assert ingest_logs(world.monitor, later, world.lake).duplicates == 5
    world.labels("a.parquet", rows, day=later)
    found = ingest_labels(world.monitor, world.lake)
    assert found.touched == {later: 20}
    assert ingest_labels(world.monitor, world.lake).touched == {}
    world.labels("b.parquet", rows, day=later + dt.timedelta(days=1), late=[True] * 20)
    assert ingest_labels(world.monitor, world.lake).touched == {later: 20}
    assert counted(truth(world, later)) == (20, 0)


def test_ids_that_json_files_mix_with_numbers_are_read_as_in_the_log(small, day):
    world = small()
    world.changes["labels"] = world.monitor.labels.model_dump() | {"source": "jsonl"}
    world.log(day, world.rows(day, 2).assign(id=["17", "a"]))
    ingest_logs(world.monitor, day, world.lake)
    (world.root / "labels").mkdir()
    lines = ('{"id": 17, "late": true, "known_at": null}', '{"id": "a", "late": "no", "known_at": null}')
    (world.root / "labels/a.jsonl").write_text("\n".join(lines))
    assert ingest_labels(world.monitor, world.lake).touched == {day: 2}
    assert counted(truth(world, day)) == (1, 1)
