"""Days of a log that are not what their nights read."""

import datetime as dt
import os

import pandas as pd
import pytest

from obs_dagster.sources.changed_logs import changed_days, really_changed
from obs_dagster.sources.day_spans import spans
from obs_dagster.sources.ingest import LOGS, ingest_logs

DAYS = [dt.date(2024, 3, 4) + dt.timedelta(days=since) for since in range(4)]


@pytest.fixture
def world(small):
    """Three days of a log that were read."""
    found = small()
    for day in DAYS[:3]:
        found.log(day)
        ingest_logs(found.monitor, day, found.lake)
    return found


def changed(world, **between):
    return [(each.day, each.kind) for each in changed_days(world.monitor, world.lake, **between)]


def test_a_log_that_stays_is_as_it_was_read(world):
    assert changed(world) == []


def test_what_is_read_again_is_the_same_again(world):
    world.log(DAYS[1], world.rows(DAYS[1], 90))
    assert changed(world) == [(DAYS[1], "changed")]
    ingest_logs(world.monitor, DAYS[1], world.lake)
    assert changed(world) == []


def test_rows_that_come_to_a_day_without_any_are_late(world):
    ingest_logs(world.monitor, DAYS[3], world.lake)
    assert changed(world) == []
    world.log(DAYS[3])
    assert changed(world) == [(DAYS[3], "changed")]


def test_a_log_that_is_gone_is_told_apart(world):
    (world.root / f"logs/{DAYS[0]}.parquet").unlink()
    assert changed(world) == [(DAYS[0], "gone")]


def test_a_day_between_nights_that_none_has_read_was_missed(world):
    world.lake.table("small", LOGS).remove(DAYS[1])
    world.log(DAYS[3])  # not between: its night may be still to come
    assert changed(world) == [(DAYS[1], "missed")]


def test_only_the_days_that_are_asked_for(world):
    for day in DAYS[:3]:
        world.log(day, world.rows(day, 90))
    assert changed(world, first=DAYS[1], last=DAYS[1]) == [(DAYS[1], "changed")]
    assert changed(world, last=DAYS[0] - dt.timedelta(days=1)) == []


def test_what_was_read_before_stamps_were_kept_tells_nothing(world):
    table = world.lake.table("small", LOGS)
    manifest = table.manifest(DAYS[0])
    del manifest["stamp"]
    table.write(DAYS[0], table.read(DAYS[0]), manifest)
    world.log(DAYS[0], world.rows(DAYS[0], 90))
    assert changed(world) == []


def test_files_of_many_days_change_the_days_whose_rows_do(small):
    import pandas as pd

    world = small()
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"path": "logs/all.parquet"}
    frames = [world.rows(day) for day in DAYS]
    world.write("logs/all.parquet", pd.concat(frames))
    for day in DAYS[:3]:
        ingest_logs(world.monitor, day, world.lake)
    assert changed(world) == []
    late = world.rows(DAYS[1], 5, seed=3)
    file = world.write("logs/all.parquet", pd.concat([*frames, late]))
    os.utime(file, (1e9, 1e9))
    assert changed(world) == [(DAYS[1], "changed")]


def test_rows_that_come_to_a_table(small, warehouse):
    import pandas as pd

    world = small()
    roles = world.monitor.logs.columns.model_dump(exclude_none=True)
    world.changes["logs"] = {
        "source": "ibis",
        "path": warehouse.url,
        "table": "predictions",
        "columns": roles,
    }
    frames = [world.rows(day) for day in DAYS[:2]]
    warehouse.write("predictions", pd.concat(frames))
    for day in DAYS[:2]:
        ingest_logs(world.monitor, day, world.lake)
    assert changed(world) == []
    warehouse.write("predictions", pd.concat([*frames, world.rows(DAYS[0], 1, seed=3)]))
    assert changed(world) == [(DAYS[0], "changed")]


def test_no_days_are_no_spans():
    assert spans([]) == []


@pytest.mark.parametrize("kind", ["touched", "renamed", "ordered otherwise"])
def test_files_that_are_others_with_the_same_rows_change_nothing(world, kind):
    file = world.root / f"logs/{DAYS[1]}.parquet"
    if kind == "touched":
        os.utime(file, (1, 1))
    elif kind == "renamed":
        file.rename(file.with_suffix(".pq"))
    else:
        world.log(DAYS[1], world.rows(DAYS[1]).iloc[::-1])
    [found] = changed_days(world.monitor, world.lake)
    assert not really_changed(world.monitor, world.lake, found)
    # it is known from now on, until the log changes again
    assert changed(world) == []
    rows = world.rows(DAYS[1])
    rows.loc[3, "temp"] += 1
    world.log(DAYS[1], rows)
    file.with_suffix(".pq").unlink(missing_ok=True)
    [found] = changed_days(world.monitor, world.lake)
    assert really_changed(world.monitor, world.lake, found)
    assert changed(world) == [(DAYS[1], "changed")]


def test_of_files_beside_only_the_days_that_get_rows_have_changed(small):
    world = small(time_zone="Australia/Sydney")
    for day in DAYS:
        frame = world.rows(day, 24)
        frame["at"] += pd.to_timedelta([59 * hour for hour in range(24)], "min")
        world.log(day, frame)
    for day in DAYS[1:3]:
        ingest_logs(world.monitor, day, world.lake)
    late = world.rows(DAYS[1], 1, seed=5)
    late["at"] = pd.Timestamp(DAYS[1], tz="UTC") + pd.Timedelta(hours=20)
    known = pd.read_parquet(world.root / f"logs/{DAYS[1]}.parquet")
    world.log(DAYS[1], pd.concat([known, late]))
    found = list(changed_days(world.monitor, world.lake))
    assert [each.day for each in found] == DAYS[1:3]
    assert [each.day for each in found if really_changed(world.monitor, world.lake, each)] == [DAYS[2]]


def test_what_is_read_in_place_has_to_be_read_again(small):
    logs = small().monitor.logs.model_dump(exclude_none=True) | {"in_place": True}
    world = small(logs=logs)
    world.log(DAYS[0])
    ingest_logs(world.monitor, DAYS[0], world.lake)
    os.utime(world.root / f"logs/{DAYS[0]}.parquet", (1, 1))
    [found] = changed_days(world.monitor, world.lake)
    assert really_changed(world.monitor, world.lake, found)
