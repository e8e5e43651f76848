from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts import beat, report_failure, unheard
from obs_dagster.alerts.heartbeats.beat import AGAIN
from obs_dagster.history import NightRecord

NOW = dt.datetime(2013, 8, 1, 6, tzinfo=dt.UTC)
URL = "https://hc.example/${PING_KEY}"
SECRET = "planted-secret-key"


@pytest.fixture
def told():
    return []


@pytest.fixture
def run(store, monitor, told):
    watched = monitor().model_copy(update={"heartbeat": URL})

    def run(now=NOW, error=None):
        def teller(url, night):
            if error:
                raise error
            told.append((url, night.failed, night.told))

        return beat(store, [watched], environ={"PING_KEY": SECRET}, now=now, teller=teller)

    return run


@pytest.fixture
def night(store):
    def night(day, at=NOW, *, evaluated=True):
        reason = "" if evaluated else "no rows"
        on = dt.date(2013, 7, day)
        store.record_night(NightRecord("flight_delay", on, evaluated, reason, 1_000, ("1",), "r", at))

    return night


@pytest.fixture
def fail(store):
    def fail(partition, at=NOW, run_id="r"):
        about = {"model": "flight_delay", "run_id": run_id, "error": "disk full", "owner": ""}
        report_failure(store, partition=partition, now=at, **about)

    return fail


def hours(number):
    return dt.timedelta(hours=number)


def test_each_last_night_is_told_once(run, night, told):
    assert run() == []
    night(1)
    run()
    assert run(NOW + hours(1)) == []
    night(2, NOW + hours(24))
    run(NOW + hours(24))
    url = f"https://hc.example/{SECRET}"
    assert told == [(url, False, "2013-07-01, 1,000 rows"), (url, False, "2013-07-02, 1,000 rows")]


def test_a_night_that_failed_is_told_as_failed_and_then_as_mended(run, night, fail, told):
    night(1)
    run()
    fail("2013-07-02", NOW + hours(1))
    run(NOW + hours(1))
    night(2, NOW + hours(2), evaluated=False)
    run(NOW + hours(2))
    assert [(failed, said) for _, failed, said in told] == [
        (False, "2013-07-01, 1,000 rows"),
        (True, "2013-07-02 failed: disk full"),
        (False, "2013-07-02 not evaluated: no rows"),
    ]


def test_an_old_day_that_is_run_again_is_no_sign_of_life(run, night, fail, told):
    night(9)
    run()
    night(3, NOW + hours(1))
    fail("2013-07-01 to 2013-07-04", NOW + hours(2))
    assert run(NOW + hours(3)) == []
    assert len(told) == 1


def test_a_first_night_that_fails_is_told_too(run, fail, told):
    fail("2013-07-01")
    run()
    assert [failed for _, failed, _ in told] == [True]


def test_who_could_not_be_told_is_told_later_and_doctor_knows_meanwhile(run, night, told, store):
    night(1)
    [failed] = run(error=OSError(f"no route to https://hc.example/{SECRET}"))
    assert failed.label == "https://hc.example"
    assert SECRET not in failed.error
    assert unheard(store) == {"flight_delay": failed.error}
    assert run(NOW + AGAIN / 2) == [], "too soon"
    run(NOW + AGAIN)
    assert len(told) == 1
    assert unheard(store) == {}
