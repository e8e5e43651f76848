"""The nights of many models in one run: which are due, and that none disturbs another."""

import datetime as dt
import multiprocessing
import os
import signal
import threading
import time

import dagster as dg
import pytest

from jobs import due_nights
from jobs.due import Due, nights_due
from jobs.instance import open_instance
from obs_dagster.alerts import undelivered
from obs_dagster.history import History
from obs_dagster.settings import Settings

PATIENCE = 240


def at(hour, minute=0, day=5):
    return dt.datetime(2024, 3, day, hour, minute, tzinfo=dt.UTC)


@pytest.fixture
def monitors(small):
    def monitor(model, **changes):
        return small(model, model=model, **({"start": "2024-01-01"} | changes)).monitor

    return [
        monitor("utc", schedule="0 5 * * *"),
        monitor("new_york", schedule="30 5 * * *", time_zone="America/New_York"),
        monitor("weekly", schedule="0 5 * * mon"),
        monitor("ended", schedule="0 5 * * *", end="2024-03-03"),
        monitor("often", schedule="*/20 * * * *"),
    ]


@pytest.mark.parametrize(
    ("until", "models"),
    [
        (at(4, 59), {"often"}),
        (at(5), {"utc", "often"}),
        (at(5, day=4), {"utc", "weekly", "ended", "often"}),
        (at(6), {"often"}),
        # half past five in New York, in winter
        (at(11), {"new_york", "often"}),
    ],
)
def test_nights_are_due_in_the_hour_in_which_their_time_comes(monitors, until, models):
    found = nights_due(monitors, until)
    yesterday = until.date() - dt.timedelta(days=1)
    assert found == [Due(monitor.model, yesterday) for monitor in monitors if monitor.model in models]


def test_of_a_year_s_hours_each_night_is_due_in_one(monitors):
    begin = at(0)
    hours = [begin + dt.timedelta(hours=hour) for hour in range(24 * 366)]
    for monitor in monitors[:2]:
        days = [due.day for hour in hours for due in nights_due([monitor], hour)]
        assert days == [days[0] + dt.timedelta(days=back) for back in range(366)]


def test_the_schedule_asks_for_the_nights_of_its_hour(monitors):
    definitions = due_nights.build(monitors)
    schedule = definitions.get_repository_def().get_schedule_def("due_nights_schedule")
    (request,) = schedule.evaluate_tick(
        dg.build_schedule_context(scheduled_execution_time=at(5))
    ).run_requests
    assert request.run_config["ops"]["evaluate"]["config"] == {
        "nights": {"utc": "2024-03-04", "often": "2024-03-04"}
    }
    skipped = due_nights.schedule(monitors[:1])(dg.build_schedule_context(scheduled_execution_time=at(6)))
    assert "No night came due within the hour to 2024-03-05 06:00 UTC." in skipped.skip_message


def _kill_first(settings, others):
    """Kill the process of the first night as soon as its run is seen to live."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if any(file.read_text() == "killed" for file in settings.run_lock("").glob("[!.]*")):
            (child,) = set(multiprocessing.active_children()) - others
            os.kill(child.pid, signal.SIGKILL)
            return
        time.sleep(0.05)


def test_a_night_that_fails_or_dies_does_not_keep_others_from_being_evaluated(with_days, monkeypatch):
    home = with_days
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("OBS_CORES", "1")
    text = (home.monitors / "loan_default.yaml").read_text()
    for name in ("killed", "broken"):
        (home.monitors / f"{name}.yaml").write_text(text.replace("model: loan_default", f"model: {name}"))
    broken = home.monitors / "broken.yaml"
    broken.write_text(broken.read_text().replace("/logs/", "/broken/"))
    (home.root / "broken").mkdir()
    (home.root / "broken" / "day=2024-03-01.parquet").write_text("no Parquet")
    settings = Settings()
    nights = dict.fromkeys(("killed", "broken", "loan_default"), "2024-03-01")
    # an earlier test may have left the process of its pages to be of use again
    others = set(multiprocessing.active_children())
    killer = threading.Thread(target=_kill_first, args=[settings, others])
    killer.start()
    with dg.DagsterInstance.ephemeral() as instance:
        result = due_nights.job().execute_in_process(
            instance=instance,
            run_config=dg.RunConfig(ops={"evaluate": due_nights.Nights(nights=nights)}),
            raise_on_error=False,
        )
    killer.join()

    (failure,) = result.filter_events(lambda event: event.is_step_failure)
    data = failure.step_failure_data.user_failure_data
    assert data.description == "2 of 3 nights failed: killed, broken. The others are done."
    assert "exit code -9" in data.metadata["killed"].value
    assert "day=2024-03-01.parquet" in data.metadata["broken"].value
    with open_instance(settings) as instance:
        runs = {run.job_name: run for run in instance.get_runs()}
        # it may have been killed before its run was recorded
        assert runs.pop("killed_nightly", runs["broken_nightly"]).status.value == "FAILURE"
        assert {name: run.status.value for name, run in runs.items()} == {
            "broken_nightly": "FAILURE",
            "loan_default_nightly": "SUCCESS",
        }
        assert {run.tags[due_nights.STARTED_BY] for run in runs.values()} == {result.run_id}
        assert {run.tags["dagster/partition"] for run in runs.values()} == {"2024-03-01"}
        made = instance.get_materialized_partitions(dg.AssetKey(["loan_default", "mlflow_report"]))
        assert made == {"2024-03-01"}
        assert instance.get_materialized_partitions(dg.AssetKey(["broken", "profile"])) == set()
    with History.open(settings.history_url) as history:
        assert {"killed", "broken"} <= {each.model for each in undelivered(history)}


@dg.op
def nothing():
    """Does nothing."""


@dg.job
def utc_nightly():
    nothing()


@pytest.mark.parametrize(
    ("asked", "status"), [(True, dg.DagsterRunStatus.CANCELED), (False, dg.DagsterRunStatus.NOT_STARTED)]
)
def test_who_ends_the_run_of_all_nights_ends_those_that_it_has_begun(asked, status):
    with dg.DagsterInstance.ephemeral() as instance:
        due = instance.create_run_for_job(job_def=utc_nightly)
        if asked:
            instance.report_run_canceling(due)
        night, other = (
            instance.create_run_for_job(job_def=utc_nightly, tags={due_nights.STARTED_BY: run_id})
            for run_id in (due.run_id, "another")
        )
        due_nights.cancel_nights(instance, due.run_id)
        assert instance.get_run_by_id(night.run_id).status is status
        assert instance.get_run_by_id(other.run_id).status is dg.DagsterRunStatus.NOT_STARTED
