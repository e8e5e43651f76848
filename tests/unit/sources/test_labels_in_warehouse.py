"""Labels in a table of a warehouse reach the days that the same labels in files reach."""

import datetime as dt

import pandas as pd
import pytest

from jobs.cli import label_sample
from jobs.cli.findings import Finding
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.label_table import parts_of
from obs_dagster.sources.labels import GROUND_TRUTH, ingest_labels

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day, warehouse, monkeypatch):
    """Three days of logs, ingested, and labels that are the table `outcomes`."""
    monkeypatch.setenv("WAREHOUSE_URL", warehouse.url)
    world = small()
    world.changes["labels"] = world.monitor.labels.model_dump(exclude_none=True) | {
        "source": "ibis",
        "path": "${WAREHOUSE_URL}",
        "table": "outcomes",
    }
    for offset in range(3):
        world.log(day + offset * ONE, world.rows(day + offset * ONE, 20))
        ingest_logs(world.monitor, day + offset * ONE, world.lake)
    return world


def labels(world, *days, shift=1):
    """The labels of days, each known so many days later."""
    parts = []
    for day in days:
        rows = world.rows(day, 20)
        known = pd.Timestamp(day + shift * ONE, tz="UTC") + pd.to_timedelta(range(20), "m")
        parts.append(pd.DataFrame({"id": rows["id"], "late": rows["score"] > 0.5, "known_at": known}))
    return pd.concat(parts, ignore_index=True)


def truth(world, day):
    table = world.lake.table("small", GROUND_TRUTH)
    return {row["prediction_id"]: row["label"] for row in table.read(day).to_pylist()}


def expected(frame, day):
    rows = frame[frame["id"].str.startswith(str(day))]
    return dict(zip(rows["id"], rows["late"], strict=True))


def test_only_what_is_new_is_read(world, warehouse, day):
    frame = labels(world, day, day + ONE)
    warehouse.write("outcomes", frame)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (2, 40, {day: 20, day + ONE: 20})
    assert [truth(world, each) for each in (day, day + ONE)] == [
        expected(frame, each) for each in (day, day + ONE)
    ]

    before = world.state()
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (0, 0, {})
    assert world.state() == before

    frame = pd.concat([frame, labels(world, day + 2 * ONE)], ignore_index=True)
    warehouse.write("outcomes", frame)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (1, 20, {day + 2 * ONE: 20})


def test_what_comes_late_into_an_old_day_is_read(world, warehouse, day):
    frame = labels(world, day, day + ONE)
    warehouse.write("outcomes", frame.drop(index=3))
    ingest_labels(world.monitor, world.lake)
    warehouse.write("outcomes", frame)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.touched) == (1, {day: 20})
    assert truth(world, day) == expected(frame, day)


def test_a_correction_counts_from_when_it_was_known(world, warehouse, day):
    frame = labels(world, day)
    warehouse.write("outcomes", frame)
    ingest_labels(world.monitor, world.lake)
    corrected = frame.iloc[[4]].assign(
        late=~frame["late"].iloc[4], known_at=frame["known_at"].iloc[4] + 30 * ONE
    )
    warehouse.write("outcomes", pd.concat([frame, corrected], ignore_index=True))
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (1, 1, {day: 20})
    assert truth(world, day)[frame["id"].iloc[4]] == corrected["late"].iloc[0]


def test_rows_without_id_label_or_time(world, warehouse, day):
    frame = labels(world, day).astype(object)
    frame.loc[0, "id"] = None
    frame.loc[1, "late"] = None
    frame.loc[2, "known_at"] = None
    frame = frame.astype({"late": "boolean", "known_at": "datetime64[us, UTC]"})
    warehouse.write("outcomes", frame)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.rejected) == (2, 18, 2)
    assert truth(world, day)[frame["id"][2]] == frame["late"][2]


def test_without_a_time_all_is_read_when_something_changed(world, warehouse, day):
    world.changes["labels"] |= {
        "columns": {"prediction_id": "id", "label": "late"},
        "positive": "late",
    }
    frame = labels(world, day)
    frame["late"] = frame["late"].map({True: "late", False: "on time"})
    warehouse.write("outcomes", frame)
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels) == (1, 20)
    assert ingest_labels(world.monitor, world.lake).files == 0
    one = frame["id"][frame["late"] == "late"].iloc[0]
    warehouse.execute(f"UPDATE outcomes SET late = 'on time' WHERE id = '{one}'")
    found = ingest_labels(world.monitor, world.lake)
    assert (found.files, found.labels, found.touched) == (1, 20, {day: 20})
    assert truth(world, day)[one] is False


def test_what_is_wrong_is_named_without_the_secret(world, warehouse, day):
    warehouse.write("outcomes", labels(world, day).rename(columns={"late": "outcome"}))
    book = ingest_labels(world.monitor, world.lake).book
    assert "outcomes has no column late; it has id, outcome, known_at" in book.unreachable
    world.changes["labels"] |= {"table": "nothing"}
    (told,) = ingest_labels(world.monitor, world.lake).book.refused
    assert "Cannot read nothing of ${WAREHOUSE_URL}" in told
    assert "labels.table" in told
    assert not list((world.lake.root / "small" / "labels").glob("*.parquet"))


def test_labels_of_neither_class_are_named_and_read_again_once_they_can_be(world, warehouse, day):
    frame = labels(world, day, day + ONE).astype({"late": int})
    warehouse.write("outcomes", frame)
    world.changes["labels"] |= {"positive": "late"}
    for _ in range(2):
        found = ingest_labels(world.monitor, world.lake)
        assert (found.files, found.labels, found.rejected, found.touched) == (2, 0, 40, {})
        assert found.book.unusable == frame["late"].astype(str).value_counts().to_dict()
    world.changes["labels"] |= {"positive": 1}
    assert ingest_labels(world.monitor, world.lake).touched == {day: 20, day + ONE: 20}


def test_a_part_is_a_day_of_known_at(world, warehouse, day):
    warehouse.write("outcomes", labels(world, day, day + ONE))
    parts = parts_of(world.monitor.labels)
    assert list(parts) == [str(day + ONE), str(day + 2 * ONE)]


def test_a_look_before_any_night_reads_the_newest_part(world, warehouse, day):
    frame = labels(world, day, day + ONE)
    frame.loc[frame["id"].str.startswith(str(day + ONE)), "late"] = True
    warehouse.write("outcomes", frame)
    found = label_sample.labels(world.monitor, Finding("small", "labels", "ok", "outcomes"))
    assert "20 positive, 0 negative" in found.detail
    assert "newest part" in found.detail
