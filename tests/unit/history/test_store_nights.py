from __future__ import annotations

import datetime as dt
from dataclasses import replace

from obs_dagster.history import History, NightRecord
from obs_dagster.history.nights import latest

NOON = dt.datetime(2013, 7, 2, 12, tzinfo=dt.UTC)


def night(day, **changes):
    plain = NightRecord(
        model="m",
        day=dt.date(2013, 7, day),
        evaluated=True,
        reason="",
        rows=100,
        versions=("1", "2"),
        run_id="run-1",
        finished_at=NOON,
    )
    return replace(plain, **changes)


def test_the_latest_evaluation_of_a_day_counts(store: History):
    refused = night(1, evaluated=False, reason="40 % of the rows are in quarantine", rows=60)
    store.record_night(refused)
    assert store.nights("m") == [refused]
    store.record_night(night(1, run_id="run-2", versions=("1", "a\x00b")))
    assert store.nights("m") == [night(1, run_id="run-2", versions=("1", "a\\x00b"))]


def test_nights_come_by_day_between_two_days(store: History):
    for day in (3, 1, 2, 4):
        store.record_night(night(day))
    store.record_night(night(2, model="other"))
    assert store.nights("m") == [night(day) for day in (1, 2, 3, 4)]
    assert store.nights("m", dt.date(2013, 7, 2), dt.date(2013, 7, 3)) == [night(2), night(3)]


def test_the_last_night_may_be_one_that_was_refused(store: History):
    with store.reading() as connection:
        assert latest(connection, "m") is None
    store.record_night(night(1))
    store.record_night(night(2, evaluated=False, reason="no rows"))
    with store.reading() as connection:
        assert latest(connection, "m") == dt.date(2013, 7, 2)
