import datetime as dt

import pytest

from obs_dagster.alerts import report_missed
from obs_dagster.alerts.outbox import entries


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.fixture
def scheduled(monitor):
    """The monitor with another calendar, in UTC."""

    def scheduled(**calendar):
        return monitor().model_copy(update={"time_zone": "UTC", "schedule": "0 5 * * *", **calendar})

    return scheduled


@pytest.fixture
def told(store):
    def told():
        return [each.message for each in entries.waiting(store, ["flight_delay"])]

    return told


def test_people_hear_once_of_nights_that_did_not_run_and_once_that_they_do_again(
    store, night, told, scheduled
):
    daily = scheduled()
    night(1)
    # on the 3rd at noon the night of the 2nd may be late; on the 4th that of the 2nd is missing
    assert not report_missed(store, daily, at("2013-07-03T12:00"))
    assert report_missed(store, daily, at("2013-07-04T00:30"))
    for again in ("2013-07-04T06:00", "2013-07-06T06:00"):
        assert not report_missed(store, daily, at(again))
    [missed] = told()
    assert missed.title == "[critical] flight_delay: a night has NOT RUN, 2013-07-02"
    assert missed.facts["again"] == "obs backfill flight_delay --from 2013-07-02 --to 2013-07-02"

    night(4)
    assert report_missed(store, daily, at("2013-07-06T07:00"))
    assert not report_missed(store, daily, at("2013-07-06T08:00"))
    over = told()[-1]
    assert (over.event, over.thread) == ("resolved", missed.key)

    # a second time is a second story
    assert report_missed(store, daily, at("2013-07-09T07:00"))
    assert told()[-1].title == "[critical] flight_delay: 3 nights have NOT RUN, 2013-07-05 to 2013-07-07"


def test_nobody_is_told_of_a_model_that_never_had_a_night_nor_of_days_without_one(
    store, night, told, scheduled
):
    daily = scheduled()
    assert not report_missed(store, daily, at("2013-08-01T06:00"))
    weekly = scheduled(schedule="0 5 * * 1")
    night(7)  # a Sunday, whose night is on Monday
    assert not report_missed(store, weekly, at("2013-07-14T06:00"))
    assert report_missed(store, weekly, at("2013-07-16T06:00"))
    ended = scheduled(end=dt.date(2013, 7, 7))
    assert len(told()) == 1
    report_missed(store, ended, at("2013-09-01T06:00"))
    assert told()[-1].event == "resolved"
