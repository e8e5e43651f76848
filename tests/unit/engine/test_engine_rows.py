"""Both engines read the same rows of the lake."""

import datetime as dt

import pandas as pd
import pytest

from obs_dagster.engine.protocol import engine_of
from obs_dagster.errors import LakeError
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels


@pytest.fixture
def world(small, day):
    """Two days; the first has requests that two versions scored, some in quarantine, and some labels."""
    world = small(features={"temp": {"type": "number", "max": 15}, "hour": {"type": "integer"}}, segments=[])
    world.changes["quality"] = {"max_quarantined_share": 1}
    rows = world.rows(day, 60)
    both = pd.concat([rows, rows.assign(model="2")], ignore_index=True)
    later = day + dt.timedelta(days=1)
    for each, frame in ((day, both), (later, world.rows(later, 20).assign(temp=1.0))):
        world.log(each, frame)
        ingest_logs(world.monitor, each, world.lake)
        validate_day(world.monitor, each, world.lake)
    world.labels("a.parquet", rows[10:40], day=day)
    ingest_labels(world.monitor, world.lake)
    return world


def clean(monitor, days, lake, *names):
    """Rows as the monitor's engine reads them, wherever that is."""

    def read():
        with engine_of(monitor).clean_rows(monitor, days, lake) as rows:
            return sorted(rows.select(*names).collect("pyarrow").rows())

    return monitor.engine.elsewhere(read, personal=bool(monitor.personal))


def labelled(monitor, days, lake, *names):
    """Likewise, with their labels."""

    def read():
        with engine_of(monitor).labelled_rows(monitor, days, lake) as rows:
            return sorted(rows.select(*names).collect("pyarrow").rows())

    return monitor.engine.elsewhere(read, personal=bool(monitor.personal))


def test_clean_rows_of_several_days(world, day, spark):
    days = [day, day + dt.timedelta(days=1)]
    names = ["_obs_day", "_obs_row", "id", "temp", "hour", "prediction"]
    seen = []
    for engine in ("duckdb", spark):
        world.changes["engine"] = engine
        seen.append(clean(world.monitor, days, world.lake, *names))
    assert seen[0] == seen[1]
    assert {row[0] for row in seen[0]} == {str(each) for each in days}
    assert 20 < len(seen[0]) < 140


def test_labelled_rows(world, day, spark):
    later = day + dt.timedelta(days=1)
    for days, labels in (
        ([day], {None, True, False}),
        ([later], {None}),
        ([day, later], {None, True, False}),
    ):
        seen = []
        for engine in ("duckdb", spark):
            world.changes["engine"] = engine
            seen.append(labelled(world.monitor, days, world.lake, "_obs_row", "id", "_obs_label"))
        assert seen[0] == seen[1]
        # rows are numbered anew on each day
        assert len({(row, key) for row, key, _ in seen[0]}) == len(seen[0])
        assert {label for *_, label in seen[0]} == labels


def test_a_day_that_was_not_validated_is_an_error(world, day, spark):
    world.changes["engine"] = spark
    with pytest.raises(LakeError, match="has not been validated"):
        clean(world.monitor, [day - dt.timedelta(days=1)], world.lake, "id")


def test_personal_values_are_the_same_pseudonyms_and_roundings(world, day, spark, monkeypatch):
    monkeypatch.setenv("OBS_PII_KEY", "0123456789abcdef0123456789abcdef")
    world.changes["features"] = {
        "temp": {"type": "number", "max": 15, "pii": True},
        "hour": {"type": "integer", "pii": True},
        "carrier": {"type": "category", "pii": True},
    }
    seen = []
    for engine in ("duckdb", spark):
        world.changes["engine"] = engine
        monitor = world.monitor
        ingest_logs(monitor, day, world.lake)
        validate_day(monitor, day, world.lake)
        names = ["_obs_row", "carrier", "temp", "hour", "_obs_label"]
        seen.append(labelled(monitor, [day], world.lake, *names))
    assert seen[0] == seen[1]
    assert all(carrier.startswith("pii:") for _, carrier, *_ in seen[0])
    assert all(temp == pytest.approx(float(f"{temp:.1e}")) for _, _, temp, *_ in seen[0])
    assert {label for *_, label in seen[0]} == {None, True, False}
