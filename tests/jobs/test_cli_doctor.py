"""Which nights are stale or missing."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess

from jobs.cli.doctor import STALE, nights
from jobs.cli.doctor_capacity import capacity
from jobs.cli.doctor_sending import sending
from jobs.sender_watch import sender_ran
from obs_dagster.alerts import deliver, last_failure, report_failure
from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.catalogue import monitor_of
from obs_dagster.history import History, NightRecord
from obs_dagster.history.usage import StageUsage, record, record_programs
from obs_dagster.monitor import Route
from obs_dagster.settings import Settings
from obs_dagster.telemetry.resources import Usage

NOW = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)


def monitor(home, *, end):
    file = home.monitors / "loan_default.yaml"
    if not end:
        file.write_text(file.read_text().replace("end: 2024-03-05\n", ""))
    return monitor_of(file)


def night(day, finished=NOW, *, evaluated=True):
    return NightRecord(
        "loan_default", dt.date(2024, 3, day), evaluated, "" if evaluated else "no rows", 1, (), "", finished
    )


def statuses(findings):
    return {finding.what: finding.status for finding in findings}


def test_a_living_model_without_a_night_for_36_hours_is_stale(home):
    living = monitor(home, end=False)
    assert statuses(nights(living, [night(4, NOW - STALE)], NOW)) == {"last night": "ok"}
    late = NOW - STALE - dt.timedelta(seconds=1)
    assert statuses(nights(living, [night(4, late)], NOW)) == {"last night": "fail"}


def test_a_complete_log_is_never_stale(home):
    ran = [night(5, NOW)]
    assert statuses(nights(monitor(home, end=True), ran, NOW + dt.timedelta(days=900))) == {
        "last night": "ok"
    }


def test_a_model_of_mondays_is_not_stale_on_other_days_and_misses_no_day(home):
    file = home.monitors / "loan_default.yaml"
    file.write_text(f"{file.read_text()}schedule: 0 5 * * mon\n")
    weekly = monitor(home, end=False)
    # the nights of two Sundays
    ran = [night(day, dt.datetime(2024, 3, day + 1, 5, tzinfo=dt.UTC)) for day in (3, 10)]
    for day, status in ((17, "ok"), (18, "fail")):
        found = statuses(nights(weekly, ran, dt.datetime(2024, 3, day, 20, tzinfo=dt.UTC)))
        assert found == {"last night": status}
    found = statuses(nights(weekly, ran, dt.datetime(2024, 3, 20, tzinfo=dt.UTC)))
    assert found == {"last night": "fail", "missing days": "fail"}


def test_nights_that_will_take_too_long_and_programs_that_changed_are_told(home, tmp_path):
    living = monitor(home, end=False)
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        assert list(capacity(living, history)) == []
        with history.writing(living.model) as connection:
            for number in range(12):
                day = dt.date(2024, 3, 5) - dt.timedelta(days=11 - number)
                taken = Usage(3_600.0 * (12 + number), 60.0, 2, 1)
                began = NOW - dt.timedelta(days=11 - number)
                record(connection, [StageUsage(living.model, day, "profile", 1, began, taken, "run")])
                record_programs(connection, living.model, [day], {"shap": "0.51" if number > 5 else "0.50"})
        history.record_night(night(5))
        (found,) = capacity(living, history)
        with history.writing(living.model) as connection:
            record_programs(connection, living.model, [dt.date(2024, 3, 5)], {"shap": "0.52"})
        _, programs = capacity(living, history)
    assert (found.what, found.status) == ("night's time", "warn")
    assert found.detail.startswith(
        "a night takes 23 h, 96% of the 24 h there are, and 1 h more with every day"
    )
    assert programs.detail == "changed with 2024-03-05: shap 0.51 → 0.52"


def test_a_gap_is_named(home):
    found = {each.what: each for each in nights(monitor(home, end=False), [night(1), night(4)], NOW)}
    assert found["missing days"].detail.startswith("2024-03-02, 2024-03-03 did not run")


def test_a_night_that_was_not_evaluated_says_why(home):
    found = list(nights(monitor(home, end=False), [night(4, evaluated=False)], NOW))
    assert [each.status for each in found] == ["warn"]
    assert "no rows" in found[0].detail


def test_a_run_that_failed_says_when_and_why_until_a_night_is_evaluated(home, tmp_path):
    living = monitor(home, end=False)
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        assert last_failure(history, living.model) is None
        told = {"model": living.model, "partition": "2024-03-04", "owner": "", "now": NOW}
        report_failure(history, run_id="a", error="profile: the disk is full", **told)
        report_failure(history, run_id="b", error="x.csv is empty", part="reading labels", **told)
        failed = last_failure(history, living.model)
    first = list(nights(living, [], NOW, failed))
    assert statuses(first) == {"last run": "fail"}
    for words in ("2024-03-04 FAILED 2024-03-05 12:00 UTC", "profile: the disk is full", "No night"):
        assert words in first[0].detail
    before = night(4, NOW - dt.timedelta(hours=1))
    assert statuses(nights(living, [before], NOW, failed)) == {"last run": "fail", "last night": "ok"}
    assert statuses(nights(living, [before, night(4, NOW)], NOW, failed)) == {"last night": "ok"}


def test_cron_is_told_only_what_is_wrong(with_days, tmp_path):
    place = tmp_path / "obs.prom"
    done = with_days.obs("doctor", "--exit-code", "--textfile", str(place), "--format", "json")
    told = json.loads(done.stdout or "[]")
    assert {each["status"] for each in told} <= {"fail"}
    assert done.returncode == bool(told)
    gauges = place.read_text()
    assert f'obs_doctor_findings{{status="fail"}} {float(len(told))}' in gauges
    assert 'obs_undelivered_notifications{model="loan_default"} 0.0' in gauges
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=gauges, text=True, check=False)
        assert checked.returncode == 0


def test_the_outbox_is_told_by_channel_and_a_sender_that_stopped_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path))
    settings = Settings()
    with History.open(settings.history_url) as history:
        report_failure(history, model="m", run_id="r", partition="", error="x", owner="", now=NOW)

        def down(_url, _message, _thread):
            raise ChannelError("too many", retry_after=dt.timedelta(minutes=20))

        sender_ran(settings, NOW)
        assert statuses(sending(history, settings, NOW)) == {"sender": "ok", "outbox": "warn"}
        routes = {"m": [Route(url="json://chat")]}
        deliver(history, routes, environ={}, clock=lambda: NOW, sender=down)
        later = NOW + dt.timedelta(minutes=16)
        found = {each.what: each for each in sending(history, settings, later)}
    assert found["sender"].status == "fail"
    assert "is the daemon running?" in found["sender"].detail
    assert found["outbox"].detail == "1 undelivered; json://chat after 1 attempt, next 12:20 UTC: too many"
