"""Unattended: Dagster's daemon, on PostgreSQL, runs a night by schedule and its sensor tells of the alert."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

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

DAGSTER = """
telemetry: {{enabled: false}}
storage:
  postgres:
    postgres_url: "{url}"
"""


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
            command, cwd=ROOT, env=environ, stdout=output, stderr=output, start_new_session=True
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


def test_a_scheduled_night_runs_and_its_alert_is_delivered(tmp_path, postgres_database, receiver):
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    days = [yesterday - dt.timedelta(days=back) for back in range(4, -1, -1)]
    home, dagster_home = tmp_path / "home", tmp_path / "dagster"
    _write_days(home, days)
    for folder in (tmp_path / "monitors", dagster_home):
        folder.mkdir()
    (tmp_path / "monitors" / "loan_default.yaml").write_text(
        MONITOR.format(start=days[0], baseline_end=days[1], route=receiver.url)
    )
    (dagster_home / "dagster.yaml").write_text(DAGSTER.format(url=postgres_database()))
    history_url = postgres_database()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("OBS_", "MLFLOW_"))}
    environ |= {
        "OBS_HOME": str(home),
        "OBS_MONITORS": str(tmp_path / "monitors"),
        "OBS_DATABASE_URL": history_url,
        "DAGSTER_HOME": str(dagster_home),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    where = ["-m", "jobs.definitions"]
    subprocess.run(
        [sys.executable, "-m", "dagster", "schedule", "start", "loan_default_schedule", *where],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    log = tmp_path / "daemon.log"
    daemon = [sys.executable, "-m", "dagster._daemon", "run", *where]
    with (
        dg.DagsterInstance.from_config(str(dagster_home)) as instance,
        _running(daemon, environ, log) as process,
    ):
        until = time.monotonic() + PATIENCE
        runs: list[dg.DagsterRun] = []
        while time.monotonic() < until and not (runs and receiver.received):
            assert process.poll() is None, log.read_text()[-4_000:]
            time.sleep(0.5)
            runs = _finished(instance)
        assert runs, log.read_text()[-4_000:]
        assert receiver.received, log.read_text()[-4_000:]
        # the schedule ticks every minute, and may have asked for the day again
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}, log.read_text()[-4_000:]
        assert {run.tags["dagster/partition"] for run in runs} == {str(yesterday)}
        materialized = instance.get_materialized_partitions(dg.AssetKey(["loan_default", "mlflow_report"]))
        assert materialized == {str(yesterday)}

    assert [each["rule"] for each in receiver.received] == ["busy"]
    with History.open(history_url) as history:
        (night,) = history.nights("loan_default")
        assert (night.day, night.evaluated, night.rows) == (yesterday, True, ROWS)
        (volume,) = history.metrics("loan_default", metrics=["volume"], segments=["*"])
        assert volume.value == ROWS
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
