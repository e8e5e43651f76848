"""Every row that is read is evaluated, or it is said where it went."""

import datetime as dt
import zoneinfo

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.evaluation.log_records import books_records
from obs_dagster.pseudonym import pseudonym
from obs_dagster.quality.books import books_of
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.validated import clean_rows
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.unreadable_log import ingest_day


def books(world, day):
    ingest_logs(world.monitor, day, world.lake)
    return validated_books(world, day)


def validated_books(world, day):
    evaluated = validate_day(world.monitor, day, world.lake).evaluated
    with connect() as connection:
        clean = len(clean_rows(connection, world.monitor, [day], world.lake).fetchall())
    return books_of(world.monitor, day, world.lake, clean if evaluated else 0)


def shares(found):
    return (
        found.evaluated,
        found.quarantined,
        found.outside,
        found.duplicates,
        found.refused,
        found.other_days,
    )


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fates=st.lists(st.sampled_from(["sound", "broken", "outside", "repeated"]), min_size=1, max_size=60),
    tolerated=st.sampled_from([0.0, 0.5, 1.0]),
    kind=st.sampled_from(["parquet", "csv", "jsonl"]),
)
def test_the_books_balance_whatever_becomes_of_the_rows(small, day, fates, tolerated, kind):
    world = small(str(abs(hash((*fates, tolerated, kind)))), quality={"max_quarantined_share": tolerated})
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"source": kind}
    rows = world.rows(day, len(fates))
    for place, fate in enumerate(fates):
        if fate == "broken":
            rows.loc[place, "score"] = 7.0
        elif fate == "outside":
            rows.loc[place, "at"] += pd.Timedelta(days=3)
        elif fate == "repeated":
            rows.loc[place, "id"] = "the same"
    world.log(day, rows, kind=kind)
    found = books(world, day)
    assert found.read == len(fates)
    assert found.unaccounted == 0
    repeated = fates.count("repeated")
    assert found.outside == fates.count("outside")
    assert found.quarantined == fates.count("broken")
    assert found.duplicates == max(0, repeated - 1)
    assert found.evaluated + found.refused == fates.count("sound") + min(1, repeated)


def test_rows_of_folders_by_another_day_are_of_one_day_each(small, day):
    zone = zoneinfo.ZoneInfo("America/New_York")
    world = small(time_zone="America/New_York")
    world.changes["logs"] = world.monitor.logs.model_dump(exclude_none=True) | {"day_of": "time"}
    days = [day + dt.timedelta(days=since) for since in range(-1, 3)]
    for folder in days:
        rows = world.rows(folder, 96)
        rows["at"] = pd.Timestamp(folder, tz="UTC") + pd.to_timedelta(range(0, 1440, 15), "min")
        world.log(folder, rows)
    found = {each: books(world, each) for each in days[1:3]}
    assert all(each.unaccounted == 0 for each in found.values())
    for each in found.values():
        assert (each.read, each.evaluated, each.other_days) == (3 * 96, 96, 2 * 96)
    assert zone.key == world.monitor.time_zone


def test_forgotten_ids_are_passed_over_and_said(small, day):
    world = small()
    rows = world.rows(day, 50)
    world.log(day, rows)
    ingest_logs(world.monitor, day, world.lake, without=[pseudonym(rows["id"][0])])
    found = validated_books(world, day)
    assert (found.forgotten, found.evaluated, found.unaccounted) == (1, 49, 0)


def test_a_file_that_cannot_be_read_has_no_books(small, day):
    world = small()
    file = world.log(day)
    file.write_bytes(file.read_bytes()[:-500])
    ingest_day(world.monitor, day, world.lake, dt.datetime(2024, 3, 6, tzinfo=dt.UTC))
    assert validated_books(world, day) is None


def test_rows_that_are_lost_are_unaccounted_and_told(small, day):
    world = small()
    world.log(day)
    books(world, day)
    for counted, missing in ((197, 3), (203, -3)):
        found = books_of(world.monitor, day, world.lake, counted)
        assert found.unaccounted == missing
        assert "UNACCOUNTED" in str(found)
        [record] = [
            each for each in books_records(found, day, world.recorder) if each.metric == "rows_unaccounted"
        ]
        assert record.value == 3


def test_a_day_that_was_not_read_has_none(small, day):
    world = small()
    assert books_of(world.monitor, day, world.lake, 0) is None


@pytest.mark.parametrize("rows", [0, 200])
def test_they_are_said_in_a_line(small, day, rows):
    world = small()
    world.log(day, world.rows(day, rows))
    assert str(books(world, day)) == ("0 rows read = 0" if not rows else "200 rows read = 200 evaluated")
