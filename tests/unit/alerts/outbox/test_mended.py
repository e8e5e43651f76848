from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts import report_failure, report_mended, undelivered
from obs_dagster.history import NightRecord

NOW = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def fail(store):
    def fail(partition, part=""):
        about = {"model": "m", "run_id": "r", "error": "disk full", "owner": "team:a", "part": part}
        report_failure(store, partition=partition, now=NOW, **about)

    return fail


@pytest.fixture
def ran(store):
    def ran(day, at=NOW + HOUR):
        on = dt.date(2013, 7, day)
        store.record_night(
            NightRecord("m", on, evaluated=False, reason="", rows=0, versions=(), run_id="x", finished_at=at)
        )

    return ran


def titles(store):
    return [each.title for each in undelivered(store)]


def test_a_failure_ends_when_its_day_has_run_since_and_that_is_told_once(store, fail, ran):
    fail("2013-07-01")
    ran(1, NOW - HOUR)
    assert report_mended(store, NOW) == 0
    ran(1)
    assert [report_mended(store, NOW + 2 * HOUR) for _ in range(2)] == [1, 0]
    assert titles(store)[1:] == ["[resolved] m: 2013-07-01 has run since"]
    failed, mended = undelivered(store)
    assert mended.key == f"{failed.key}:over"


def test_a_range_ends_when_all_of_its_days_have_run_since(store, fail, ran):
    fail("2013-07-01 to 2013-07-03")
    for day in (1, 3):
        ran(day)
    assert report_mended(store, NOW + HOUR) == 0
    ran(2)
    assert report_mended(store, NOW + HOUR) == 1


@pytest.mark.parametrize("about", [("",), ("2013-07-01", "the report")])
def test_what_names_no_day_or_is_a_part_has_no_end(store, fail, ran, about):
    fail(*about)
    ran(1)
    assert report_mended(store, NOW + HOUR) == 0
