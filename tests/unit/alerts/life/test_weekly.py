"""Silences of later and of every week, by the clock on the wall."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from obs_dagster.alerts import list_alerts
from obs_dagster.alerts.life import silences
from obs_dagster.alerts.life.tell import settle
from obs_dagster.alerts.life.weekly import Weekly
from obs_dagster.errors import ObsError

# a Thursday
NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
RULE = {"name": "recall_low", "metric": "recall", "below": 0.5}


def hours(number):
    return NOW + dt.timedelta(hours=number)


def utc(text):
    return dt.datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("written", "zone", "at", "until"),
    [
        ("Thu 00:00-06:00", "UTC", "2013-08-01T00:00", "2013-08-01T06:00"),
        ("Thu 00:00-06:00", "UTC", "2013-08-01T06:00", None),
        ("Thu 00:00-06:00", "UTC", "2013-08-02T01:00", None),
        ("wed-fri  22:00-06:00", "UTC", "2013-08-03T05:59", "2013-08-03T06:00"),
        ("wed-fri 22:00-06:00", "UTC", "2013-08-04T05:59", None),
        ("Sat,Sun 00:00-00:00", "UTC", "2013-08-04T23:59", "2013-08-05T00:00"),
        ("Sun-Mon 10:00-11:00", "UTC", "2013-08-05T10:30", "2013-08-05T11:00"),
        ("02:00-03:00", "Europe/Berlin", "2013-08-01T00:30", "2013-08-01T01:00"),
        # the hour that is there twice, and the one that is not there
        ("Sun 01:00-02:00", "America/New_York", "2013-11-03T06:30", "2013-11-03T07:00"),
        ("Sun 01:00-02:30", "America/New_York", "2013-03-10T06:30", "2013-03-10T07:30"),
        ("Sun 02:00-03:00", "America/New_York", "2013-03-10T07:30", None),
    ],
)
def test_hours_of_a_week(written, zone, at, until):
    found = Weekly.of_written(written, zone).until(utc(at))
    assert found == (until and utc(until))


@pytest.mark.parametrize(
    "written",
    ["", "Sun", "02:00", "Sun 2:00-3:00", "Sun 02:00-25:00", "Someday 02:00-03:00", "Sun- 01:00-02:00 x"],
)
def test_what_are_no_hours_is_refused(store, written):
    with pytest.raises(ObsError, match=r"hours of a week|days of a week"):
        Weekly.of_written(written, "UTC")


@pytest.mark.parametrize("zone", ["", "Nowhere/Town", "../etc/passwd", "Europe"])
def test_a_time_zone_that_is_none_is_refused(store, zone):
    with pytest.raises(ObsError, match="no time zone"):
        silences.add(
            store,
            {"rule": "*"},
            author="",
            comment="",
            ends_at=hours(1),
            now=NOW,
            every="02:00-03:00",
            zone=zone,
        )


def test_a_silence_that_is_planned_begins_when_it_is_due(store, write, evaluate):
    write([0.2] * 8)
    silences.add(
        store, {"rule": "*"}, author="ann", comment="", ends_at=hours(6), now=NOW, starts_at=hours(3)
    )
    evaluate(1, RULE)
    [alert] = list_alerts(store)
    assert (alert.announced, alert.silenced_until) == (True, None)
    assert settle(store, hours(3)) == 0
    assert list_alerts(store)[0].silenced_until == hours(6)
    assert (settle(store, hours(5)), settle(store, hours(6))) == (0, 1)


def test_one_of_every_week_comes_back(store, write, evaluate):
    write([0.2] * 3)
    made = silences.add(
        store,
        {"rule": "*"},
        author="ann",
        comment="backup",
        ends_at=silences.FOR_EVER,
        now=NOW,
        every="Thu 00:00-02:00",
    )
    evaluate(1, RULE)
    assert list_alerts(store)[0].silenced_until == hours(2)
    assert settle(store, hours(2)) == 1
    assert list_alerts(store)[0].silenced_until is None
    week = 7 * 24
    assert (settle(store, hours(week)), settle(store, hours(week + 1)), settle(store, hours(week + 2))) == (
        0,
        0,
        1,
    )
    assert made.when == "every Thu 00:00-02:00 (UTC) without end"
    assert silences.list_silences(store, hours(5)) == [made]
    silences.withdraw(store, made.id, by="bob", now=hours(week + 3))
    assert silences.list_silences(store, hours(week + 4)) == []


def test_a_silence_whose_time_zone_is_gone_silences_nothing(store):
    made = silences.add(
        store, {"rule": "*"}, author="", comment="", ends_at=silences.FOR_EVER, now=NOW, every="00:00-00:00"
    )
    assert made.active(NOW)
    assert not replace(made, zone="Gone/Town").active(NOW)


def test_a_silence_that_ends_before_it_begins_is_refused(store):
    with pytest.raises(ObsError, match="before it begins"):
        silences.add(
            store, {"rule": "*"}, author="", comment="", ends_at=hours(2), now=NOW, starts_at=hours(3)
        )
