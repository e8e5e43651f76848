"""Unattended, with the deployment's own `dagster.yaml`: the daemon, on PostgreSQL, runs a night by schedule.

Its sensors tell of the alert, and fail a run that was killed, which would hold up all later nights.
"""

import datetime as dt
import os
import select
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from sqlalchemy.engine import URL, make_url

from obs_dagster.history import History

ROOT = Path(__file__).parents[2]
ROWS = 300
PATIENCE = 240
"""Seconds until the night must have run and the alert have been delivered."""

MONITOR = """
model: loan_default
owner: team:credit
start: {start}
schedule: "* * * * *"
logs:
  source: parquet
  path: ${{OBS_HOME}}/logs/day={{day}}.parquet
  columns: {{prediction_id: id, time: at, version: version, score: score}}
features:
  income: {{type: number}}
  region: {{type: category}}
segments: [region]
baseline: {{kind: days, first: {start}, last: {baseline_end}}}
windows: [1]
reports: {{evidently_every_days: 366}}
alerts:
  - {{name: busy, metric: volume, above: 250, severity: critical, summary: More rows than there should be.}}
routes:
  - url: {route}
"""

DEPLOYED = ROOT / "deploy" / "dagster.yaml"
KILLED = "00000000-0000-4000-8000-000000000001"


@contextmanager
def _listening(url: URL) -> Iterator[int]:
    """A port of loopback that leads to a server which listens on a socket of a folder."""
    address = f"{url.query['host']}/.s.PGSQL.{url.port or 5432}"

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(address)
                ends = {server: self.request, self.request: server}
                while True:
                    for ready in select.select(list(ends), [], [])[0]:
                        data = ready.recv(65_536)
                        if not data:
                            return
                        ends[ready].sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@contextmanager
def _killed_run(instance: dg.DagsterInstance, home: Path) -> Iterator[None]:
    """A run of the model that is thought to go on, as a kill leaves it: of its file nobody is the holder."""

    @dg.job(name="loan_default_nightly")
    def nightly() -> None:
        """Of the same name."""

    run = instance.create_run_for_job(nightly, run_id=KILLED, tags={"obs/model": "loan_default"})
    started = dg.DagsterEventType.RUN_START.value
    instance.report_dagster_event(
        dg.DagsterEvent(event_type_value=started, job_name=run.job_name), run_id=run.run_id
    )
    (home / "alive").mkdir()
    (home / "alive" / KILLED).write_text("loan_default")
    yield


def _write_days(home: Path, days: list[dt.date]) -> None:
    (home / "logs").mkdir(parents=True)
    for day in days:
        random = np.random.default_rng(day.toordinal())
        noon = pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=12)
        pd.DataFrame(
            {
                "id": [f"{day}-{row}" for row in range(ROWS)],
                "at": noon,
                "version": "1",
                "score": random.uniform(size=ROWS),
                "income": random.normal(3_000, 500, ROWS),
                "region": random.choice(["north", "south"], ROWS),
            }
        ).to_parquet(home / "logs" / f"day={day}.parquet")


@contextmanager
def _running(command: list[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program and all that it starts, as a session of its own, which is gone afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=log.parent, env=environ, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _end_group(process.pid)


def _end_group(group: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + 20
        try:
            os.killpg(group, number)
            while time.monotonic() < until:
                os.killpg(group, 0)
                time.sleep(0.2)
        except ProcessLookupError:
            return


def _finished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    statuses = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    tags = {"dagster/schedule_name": "loan_default_schedule"}
    return list(instance.get_runs(dg.RunsFilter(tags=tags, statuses=statuses)))


def test_a_scheduled_night_runs_though_one_was_killed_and_both_are_told_of(
    tmp_path, postgres_database, receiver, monkeypatch
):
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    days = [yesterday - dt.timedelta(days=back) for back in range(4, -1, -1)]
    home, dagster_home = tmp_path / "home", tmp_path / "dagster"
    _write_days(home, days)
    for folder in (tmp_path / "monitors", dagster_home):
        folder.mkdir()
    (tmp_path / "monitors" / "loan_default.yaml").write_text(
        MONITOR.format(start=days[0], baseline_end=days[1], route=receiver.url)
    )
    shutil.copy(DEPLOYED, dagster_home / "dagster.yaml")
    dagster_url = make_url(postgres_database())
    history_url = postgres_database()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    environ |= {
        "OBS_HOME": str(home),
        "OBS_MONITORS": str(tmp_path / "monitors"),
        "OBS_DATABASE_URL": history_url,
        "DAGSTER_HOME": str(dagster_home),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": postgres_database(),
        "DAGSTER_PG_USERNAME": dagster_url.username or "postgres",
        "DAGSTER_PG_PASSWORD": dagster_url.password or "unused",
        "DAGSTER_PG_HOST": "127.0.0.1",
        "DAGSTER_PG_DB": str(dagster_url.database),
    }
    with _listening(dagster_url) as port:
        environ["DAGSTER_PG_PORT"] = str(port)
        for name in environ:
            if name.startswith("DAGSTER_PG_"):
                monkeypatch.setenv(name, environ[name])
        _run_a_night(environ, home, tmp_path / "daemon.log", receiver, yesterday)

    with History.open(history_url) as history:
        (night,) = history.nights("loan_default")
        assert (night.day, night.evaluated, night.rows) == (yesterday, True, ROWS)
        (volume,) = history.metrics("loan_default", metrics=["volume"], segments=["*"])
        assert volume.value == ROWS


def _run_a_night(environ, home, log, receiver, yesterday):
    where = ["-m", "jobs.definitions"]
    subprocess.run(
        [sys.executable, "-m", "dagster", "schedule", "start", "loan_default_schedule", *where],
        cwd=log.parent,
        env=environ,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    daemon = [sys.executable, "-m", "dagster._daemon", "run", *where]
    with (
        dg.DagsterInstance.from_config(environ["DAGSTER_HOME"]) as instance,
        _killed_run(instance, home),
        _running(daemon, environ, log) as process,
    ):
        until = time.monotonic() + PATIENCE
        runs: list[dg.DagsterRun] = []
        while time.monotonic() < until and not (runs and len(receiver.received) > 1):
            assert process.poll() is None, log.read_text()[-4_000:]
            time.sleep(0.5)
            runs = _finished(instance)
        assert runs, log.read_text()[-4_000:]
        assert len(receiver.received) > 1, log.read_text()[-4_000:]
        assert instance.get_run_by_id(KILLED).status is dg.DagsterRunStatus.FAILURE
        # the schedule ticks every minute, and may have asked for the day again
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}, log.read_text()[-4_000:]
        assert {run.tags["dagster/partition"] for run in runs} == {str(yesterday)}
        materialized = instance.get_materialized_partitions(dg.AssetKey(["loan_default", "mlflow_report"]))
        assert materialized == {str(yesterday)}

    failed, fired = sorted(receiver.received, key=lambda each: each["event"] != "failed")
    assert failed["run_id"] == KILLED
    assert fired["rule"] == "busy"
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
