"""The schedule asks for the day that has just ended where the model lives."""

import datetime as dt
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from assets.partitions import daily
from jobs import schedules
from jobs.composition import compose

FIVE = dt.time(5)


def _tick(monitor, day, time=FIVE):
    """What the schedule asks for at a local time, which it is told in UTC as Dagster does."""
    at = dt.datetime.combine(day, time, monitor.zone).astimezone(dt.UTC)
    return schedules.build(monitor)(dg.build_schedule_context(scheduled_execution_time=at)), at


def _monitor(small, zone, schedule="0 5 * * *", **changes):
    changes = {"start": "2024-01-01", "time_zone": zone, "schedule": schedule} | changes
    return small(**changes).monitor


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("hour", [0, 5, 23])
def test_it_asks_for_yesterday_in_the_monitors_time_zone(small, zone, hour):
    monitor = _monitor(small, zone, f"0 {hour} * * *")
    request, at = _tick(monitor, dt.date(2024, 3, 5), dt.time(hour))
    assert request.partition_key == "2024-03-04"
    # and that partition has ended by then, which Dagster's own calendar confirms
    assert daily(monitor).get_partition_keys(current_time=at)[-1] == "2024-03-04"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/New_York", dt.date(2024, 3, 10)),  # the hour from 2 to 3 is skipped
        ("America/New_York", dt.date(2024, 11, 3)),  # the hour from 1 to 2 comes twice
        ("Europe/Berlin", dt.date(2024, 3, 31)),
        ("Europe/Berlin", dt.date(2024, 10, 27)),
        ("Africa/Cairo", dt.date(2024, 4, 26)),  # midnight itself is skipped
        ("Africa/Cairo", dt.date(2024, 11, 1)),  # the hour before midnight comes twice
        ("Australia/Lord_Howe", dt.date(2024, 10, 6)),  # half an hour
    ],
)
@pytest.mark.parametrize("time", [dt.time(0, 0), dt.time(0, 30), dt.time(1, 30), dt.time(5, 0)])
def test_no_day_is_missed_or_asked_for_twice_when_clocks_change(small, zone, day, time):
    monitor = _monitor(small, zone, f"{time.minute} {time.hour} * * *")
    asked = []
    for back in (1, 0, -1):
        request, at = _tick(monitor, day - dt.timedelta(days=back), time)
        asked.append(request.partition_key)
        assert request.partition_key == daily(monitor).get_partition_keys(current_time=at)[-1]
    assert asked == [str(day - dt.timedelta(days=back)) for back in (2, 1, 0)]


def test_the_days_before_its_first_are_skipped(small):
    monitor = _monitor(small, "Europe/Berlin", start="2024-03-04")
    skipped, _ = _tick(monitor, dt.date(2024, 3, 4))
    assert isinstance(skipped, dg.SkipReason)
    assert "2024-03-03 lies before 2024-03-04" in skipped.skip_message
    asked, _ = _tick(monitor, dt.date(2024, 3, 5))
    assert asked.partition_key == "2024-03-04"


def test_the_days_after_its_last_are_skipped(small):
    monitor = _monitor(small, "Europe/Berlin", start="2024-03-04", end="2024-03-06")
    asked, _ = _tick(monitor, dt.date(2024, 3, 7))
    assert asked.partition_key == "2024-03-06"
    skipped, _ = _tick(monitor, dt.date(2024, 3, 8))
    assert isinstance(skipped, dg.SkipReason)
    assert "2024-03-07 lies after 2024-03-06" in skipped.skip_message


def test_the_run_key_names_the_model_and_the_day(small):
    monitor = _monitor(small, "UTC", "* * * * *")
    keys = {_tick(monitor, dt.date(2024, 3, 5), dt.time(5, minute))[0].run_key for minute in range(60)}
    assert keys == {"small:2024-03-04"}


def test_dagster_takes_the_request_for_the_nightly_job(small):
    monitor = _monitor(small, "America/New_York", "15 4 * * *")
    definitions = compose({"small": monitor})
    schedule = definitions.get_repository_def().get_schedule_def("small_schedule")
    assert schedule.cron_schedule == "15 4 * * *"
    assert schedule.execution_timezone == "America/New_York"
    assert schedule.job_name == "small_nightly"
    at = dt.datetime(2024, 3, 5, 4, 15, tzinfo=ZoneInfo("America/New_York"))
    context = dg.build_schedule_context(
        scheduled_execution_time=at, repository_def=definitions.get_repository_def()
    )
    (request,) = schedule.evaluate_tick(context).run_requests
    assert request.partition_key == "2024-03-04"
    assert request.tags["dagster/partition"] == "2024-03-04"
