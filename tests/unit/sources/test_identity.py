"""What an id names: one prediction of each version on a day, of a day, or of the whole log."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.pseudonym import pseudonym
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.sources.repeats import Repeats

ONE = dt.timedelta(days=1)


def rows_of(world, day):
    frame = world.lake.table("small", LOGS).read(day).to_pandas()
    return sorted(zip(frame["id"], frame["model"], frame["temp"], strict=True))


def log(world, day, rows):
    """Log rows of (id, version, temp), a minute apart."""
    frame = world.rows(day, len(rows))
    frame["id"] = [each[0] for each in rows]
    frame["model"] = [each[1] for each in rows]
    frame["temp"] = [float(each[2]) for each in rows]
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    frame["at"] = [noon + dt.timedelta(minutes=place) for place in range(len(rows))]
    frame[["hour", "carrier", "score"]] = 9, "AA", 0.5
    world.log(day, frame)


SHADOW = [("a", "1", 1), ("a", "2", 2), ("b", "1", 3), ("b", "1", 4), ("c", "2", 5), ("c", "2", 5)]


@pytest.mark.parametrize(
    ("identity", "kept", "differ"),
    [
        ("version", [("a", "1", 1), ("a", "2", 2), ("b", "1", 4), ("c", "2", 5)], ["b"]),
        ("day", [("a", "2", 2), ("b", "1", 4), ("c", "2", 5)], ["a", "b"]),
        ("global", [("a", "2", 2), ("b", "1", 4), ("c", "2", 5)], ["a", "b"]),
    ],
)
def test_the_last_row_of_a_prediction_counts_and_rows_that_differ_are_told(
    small, day, identity, kept, differ
):
    world = small(identity=identity, labels=None)
    log(world, day, SHADOW)
    found = ingest_logs(world.monitor, day, world.lake)
    assert rows_of(world, day) == kept
    assert found.duplicates == len(SHADOW) - len(kept)
    assert (found.repeats.conflicts, found.repeats.examples) == (len(differ), differ)


def test_by_default_an_id_is_a_prediction_of_each_version(small):
    assert small().monitor.identity == "version"


def test_of_a_whole_log_the_first_day_keeps_an_id(small, day):
    world = small(identity="global", labels=None)
    log(world, day, [("a", "1", 1), ("b", "1", 2)])
    log(world, day + ONE, [("a", "1", 1), ("b", "1", 7), ("c", "1", 3), ("c", "1", 3)])
    ingest_logs(world.monitor, day, world.lake)
    found = ingest_logs(world.monitor, day + ONE, world.lake)
    assert rows_of(world, day) == [("a", "1", 1), ("b", "1", 2)]
    assert rows_of(world, day + ONE) == [("c", "1", 3)]
    assert found.duplicates == 3
    assert found.repeats == Repeats(3, 1, ["b"])
    # again, and the first day again: nothing changes, and the later day is named
    assert ingest_logs(world.monitor, day + ONE, world.lake) == found
    assert ingest_logs(world.monitor, day, world.lake).repeats == Repeats()
    log(world, day, [("a", "1", 1), ("b", "1", 2), ("c", "1", 9)])
    assert ingest_logs(world.monitor, day, world.lake).repeats.also_on == {str(day + ONE): 1}
    assert ingest_logs(world.monitor, day + ONE, world.lake).repeats == Repeats(4, 2, ["b", "c"])
    assert rows_of(world, day + ONE) == []


def test_a_day_of_other_columns_is_still_compared(small, day):
    world = small(identity="global", labels=None)
    log(world, day, [("a", "1", 1)])
    ingest_logs(world.monitor, day, world.lake)
    features = world.monitor.model_dump()["features"] | {"wind": {"type": "number"}}
    later = small(identity="global", labels=None, features=features)
    log(later, day + ONE, [("a", "1", 1), ("b", "1", 2)])
    assert ingest_logs(later.monitor, day + ONE, later.lake).duplicates == 1


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12"), st.integers(0, 2)), max_size=9),
    identity=st.sampled_from(["version", "day"]),
)
def test_conflicts_are_those_that_pandas_finds(small, day, rows, identity):
    world = small("fuzzed", identity=identity, labels=None)
    log(world, day, rows)
    found = ingest_logs(world.monitor, day, world.lake)
    frame = pd.DataFrame(rows, columns=["id", "model", "temp"])
    by = ["id", "model"] if identity == "version" else ["id"]
    said = frame.drop_duplicates().groupby(by).size()
    ids = sorted(set(said[said > 1].reset_index()["id"]))
    assert found.repeats == Repeats(int(frame.duplicated(by).sum()), len(ids), ids[:3])


def test_ids_that_are_personal_are_told_by_pseudonyms(small, day):
    world = small(identity="day", labels=None)
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"pii": ["id"]}
    log(world, day, SHADOW)
    found = ingest_logs(world.monitor, day, world.lake)
    assert found.repeats.examples == [pseudonym("a"), pseudonym("b")]


@pytest.mark.parametrize(
    ("identity", "columns", "touched"),
    [
        # one of each version and day
        ("version", {"prediction_id": "id"}, {0: 1, 1: 1}),
        # the day is a part of what a label is about
        ("day", {"keys": {"id": "id", "date": "{day}"}}, {0: 1}),
        # the later row is no prediction
        ("global", {"prediction_id": "id"}, {0: 1}),
    ],
)
def test_labels_go_to_what_an_id_names(small, day, identity, columns, touched):
    labels = {"source": "csv", "path": "labels/*.csv", "columns": {"label": "late"} | columns}
    world = small(identity=identity, labels=labels)
    for place in range(2):
        log(world, day + place * ONE, [("a", "1", 1), ("a", "2", 1)])
        ingest_logs(world.monitor, day + place * ONE, world.lake)
    world.write("labels/a.csv", pd.DataFrame({"id": ["a"], "date": [day], "late": [1]}))
    found = ingest_labels(world.monitor, world.lake)
    assert found.touched == {day + place * ONE: labels for place, labels in touched.items()}
    assert found.waiting == 0


def test_labels_in_the_log_are_of_their_own_day_where_ids_begin_anew(small, day):
    world = small(identity="day", labels={"columns": {"label": "late"}})
    for place in range(2):
        frame = world.rows(day + place * ONE, 4).assign(late=[place == 1] * 4, model="1")
        frame["id"] = list("abcd")
        world.log(day + place * ONE, frame)
        ingest_logs(world.monitor, day + place * ONE, world.lake)
    ingest_labels(world.monitor, world.lake)
    for place in range(2):
        truth = world.lake.table("small", "ground_truth").read(day + place * ONE).to_pandas()
        assert dict(truth[["prediction_id", "label"]].to_numpy()) == dict.fromkeys("abcd", place == 1)
