"""Runs that are killed or interrupted, really: what they leave behind, and what the next one makes of it."""

import datetime as dt
import os
import signal
import subprocess
import time
from contextlib import suppress

import dagster as dg
import pytest
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from sqlalchemy import text

from jobs.instance import open_instance
from jobs.lost_runs import fail_lost_runs
from obs_dagster.file_lock import hold, release
from obs_dagster.history import History
from obs_dagster.settings import Settings

PATIENCE = 120


@pytest.fixture
def settings(with_days, home, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    return Settings(home=home.root)


@pytest.fixture
def start(home):
    """Starts `obs` as a session of its own, of which nobody is left after the test."""
    started = []

    def start(*args, **environ):
        process = subprocess.Popen(
            home.command(*args),
            env=home.environ | environ,
            cwd=home.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stderr.close()


def wait_for(process, stage):
    """Until a stage has ended; all that was said."""
    for line in process.stderr:
        if stage in line:
            return
    pytest.fail(f"{stage} never came")


def everybody_gone(process):
    process.wait()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def runs(settings):
    with open_instance(settings) as instance:
        return {run.run_id: run.status for run in instance.get_runs()}


def outbox(settings):
    with History.open(settings.history_url) as history, history.reading() as connection:
        return list(connection.execute(text("SELECT key FROM outbox")).scalars())


def leftovers(home):
    return [
        path
        for path in home.root.rglob(".*")
        if path.name not in (".alive", ".opening", ".publishing") and not path.name.endswith(".lock")
    ]


@pytest.mark.parametrize("stage", ["2024-03-01", "data_quality", "alerts"])
def test_a_killed_run_leaves_no_process_and_the_next_one_tells_of_it(home, settings, start, stage):
    process = start("run", "loan_default", "--day", "2024-03-01")
    wait_for(process, stage)
    # in the middle of what comes next
    time.sleep(0.3)
    process.kill()
    assert everybody_gone(process)
    killed = runs(settings)
    again = home.obs("run", "loan_default", "--day", "2024-03-01")
    assert "firing" in again.stdout, again.stderr
    after = runs(settings)
    assert len(after) == len(killed) + 1
    assert [status for run, status in after.items() if run in killed] == [dg.DagsterRunStatus.FAILURE] * len(
        killed
    )
    assert [key for key in outbox(settings) if key.endswith(":failed")] == [f"{run}:failed" for run in killed]
    assert ("lost its process" in again.stderr) == bool(killed)
    assert leftovers(home) == []
    assert list((home.root / "alive").iterdir()) == []


def wait_for_rows(home):
    """Until a run writes to the lake."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if list((home.root / "lake" / "loan_default").glob("*")):
            return
        time.sleep(0.1)
    pytest.fail("no run has come so far")


@pytest.mark.parametrize("command", [["run", "loan_default", "--day", "2024-03-01"], ["nights"]])
def test_ctrl_c_is_told_in_a_sentence_and_is_no_alarm(home, settings, start, command):
    process = start(*command)
    wait_for_rows(home)
    # a terminal sends it to all processes of a command
    os.killpg(process.pid, signal.SIGINT)
    *_, last = process.stderr.read().splitlines()
    assert last.startswith("Interrupted: ")
    assert last.endswith(("is cancelled; running the same again completes it.", "the others are cancelled."))
    assert everybody_gone(process)
    assert process.returncode == 130
    assert [*runs(settings).values()] == [dg.DagsterRunStatus.CANCELED]
    # and nobody makes a lost run of it later
    with open_instance(settings) as instance:
        later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
        assert fail_lost_runs(instance, settings, now=later) == []
    assert [key for key in outbox(settings) if key.endswith(":failed")] == []


@dg.op
def nothing():
    """Does nothing."""


@dg.job
def loan_default_nightly():
    nothing()


def record(instance, status, **tags):
    tags = {"obs/model": "loan_default"} | tags
    run = instance.create_run_for_job(job_def=loan_default_nightly, tags=tags)
    event = {
        dg.DagsterRunStatus.STARTED: dg.DagsterEventType.RUN_START,
        dg.DagsterRunStatus.CANCELING: dg.DagsterEventType.RUN_CANCELING,
    }[status]
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=event.value, job_name=run.job_name), run_id=run.run_id
    )
    return run.run_id


@pytest.fixture
def instance(settings):
    with open_instance(settings) as opened:
        yield opened


def test_a_run_that_is_held_or_that_cannot_be_judged_is_left_alone(settings, instance):
    held, elsewhere = (record(instance, dg.DagsterRunStatus.STARTED) for _ in range(2))
    hold(settings.run_lock(held), "loan_default")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    assert fail_lost_runs(instance, settings, now=later) == []
    release(settings.run_lock(held))
    assert not settings.run_lock(held).exists()
    assert instance.get_run_by_id(elsewhere).status is dg.DagsterRunStatus.STARTED


def test_a_run_of_the_daemon_must_be_seen_within_minutes(settings, instance):
    launched = record(instance, dg.DagsterRunStatus.STARTED, **{".dagster/grpc_info": "{}"})
    assert fail_lost_runs(instance, settings) == []
    (lost,) = fail_lost_runs(instance, settings, now=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=6))
    assert lost.run_id == launched
    assert instance.get_run_by_id(launched).status is dg.DagsterRunStatus.FAILURE


@pytest.mark.parametrize("seen", [WorkerStatus.RUNNING, WorkerStatus.FAILED, WorkerStatus.UNKNOWN])
def test_a_run_that_its_launcher_sees_is_left_alone(settings, instance, monkeypatch, seen):
    """Its lock is one of another machine, which this one may not see."""

    launcher = instance.run_launcher
    monkeypatch.setattr(type(launcher), "supports_check_run_worker_health", True)
    monkeypatch.setattr(launcher, "check_run_worker_health", lambda _: CheckRunHealthResult(seen))
    run = record(instance, dg.DagsterRunStatus.STARTED)
    settings.run_lock(run).parent.mkdir(exist_ok=True)
    settings.run_lock(run).write_text("loan_default")
    lost = [each.run_id for each in fail_lost_runs(instance, settings)]
    assert lost == ([] if seen is WorkerStatus.RUNNING else [run])


def test_what_somebody_cancelled_is_no_alert(settings, instance):
    run = record(instance, dg.DagsterRunStatus.CANCELING)
    settings.run_lock(run).parent.mkdir(exist_ok=True)
    settings.run_lock(run).write_text("loan_default")
    assert fail_lost_runs(instance, settings) == []
    assert instance.get_run_by_id(run).status is dg.DagsterRunStatus.CANCELED
    assert outbox(settings) == []


def test_a_run_that_lasts_too_long_is_ended_and_told_of(home, settings):
    done = home.obs("run", "loan_default", "--day", "2024-03-01", OBS_MAX_RUNTIME_SECONDS="2")
    assert done.returncode == 1
    assert "longer than 2 seconds" in done.stderr
    ((run, status),) = runs(settings).items()
    assert status is dg.DagsterRunStatus.FAILURE
    assert outbox(settings) == [f"{run}:failed"]
