"""The sample of a deployment, unattended: its services, as processes on PostgreSQL, run a night by schedule.

Its sensors tell of the alert, and fail a run that was killed, which would hold up all later nights.
People see it through its proxy, MLflow asks them who they are, and Prometheus finds its page.
"""

import datetime as dt
from base64 import b64encode
from pathlib import Path

import dagster as dg
import httpx
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from obs_dagster.history import History
from tests.functional.composed import DEPLOY, PORTS, Composed
from tests.nginx import in_front_of
from tests.postgres import listening
from tests.servers import until

ROWS = 300
KILLED = "00000000-0000-4000-8000-000000000001"
PASSWORD = "letters4and7digits"
PATIENCE = 240
"""Seconds until the night must have run and the alert have been delivered."""

MONITOR = """
model: loan_default
owner: team:credit
start: {start}
schedule: "* * * * *"
logs:
  source: parquet
  path: {logs}/day={{day}}.parquet
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


@pytest.fixture
def yesterday():
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


@pytest.fixture
def composed(tmp_path, postgres_server, receiver, yesterday):
    """The services, with a PostgreSQL that has run the sample's script, and a model with five days."""
    users = tmp_path / "users"
    users.write_text("ann:{PLAIN}hunter2\n")
    found = Composed(
        tmp_path / "volumes",
        {
            "POSTGRES_PASSWORD": PASSWORD,
            "OBS_LOGS": str(tmp_path / "logs"),
            "OBS_USERS": str(users),
            "MLFLOW_PASSWORD": "a-long-password-2",
            "MLFLOW_SECRET_KEY": "0" * 64,
        },
    )
    days = [yesterday - dt.timedelta(days=back) for back in range(4, -1, -1)]
    _write_days(found.folders["/logs"], days)
    (found.folders["/monitors"] / "loan_default.yaml").write_text(
        MONITOR.format(start=days[0], baseline_end=days[1], route=receiver.url, logs=found.folders["/logs"])
    )
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    environment = found.services["postgres"]["environment"]
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    names = [database, "dagster", "mlflow"]
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'"))
        connection.execute(text(f"CREATE DATABASE {database} OWNER {user}"))
        for statement in (DEPLOY / "databases.sql").read_text().split(";")[:-1]:
            connection.execute(text(statement))
        with listening(make_url(postgres_server), found.ports["postgres"]):
            yield found
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        connection.execute(text(f"DROP ROLE {user}"))
    engine.dispose()


def _write_days(logs: Path, days: list[dt.date]) -> None:
    logs.mkdir(parents=True, exist_ok=True)
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
        ).to_parquet(logs / f"day={day}.parquet")


def _killed_run(instance: dg.DagsterInstance, home: Path) -> None:
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


def _graphql(proxy: int, query: str, variables: dict[str, object] | None = None) -> dict:
    """What Dagster's web server answers to somebody who has a password."""
    login = b64encode(b"ann:hunter2").decode()
    answer = httpx.post(
        f"http://127.0.0.1:{proxy}/graphql",
        json={"query": query, "variables": variables or {}},
        headers={"Authorization": f"Basic {login}"},
        timeout=60,
    )
    answer.raise_for_status()
    return answer.json()["data"]


_START = """
mutation { startSchedule(scheduleSelector: {repositoryName: "__repository__",
  repositoryLocationName: "obs-dagster", scheduleName: "loan_default_schedule"}) {
    __typename ... on ScheduleStateResult { scheduleState { status } } } }
"""
_RUNS = """
{ runsOrError(filter: {tags: [{key: "dagster/schedule_name", value: "loan_default_schedule"}]}) {
    ... on Runs { results { runId status tags { key value } } } } }
"""


def _loaded(proxy: int) -> bool:
    """Whether the web server has the model; it starts its schedule then, as a person would on the page."""
    return _graphql(proxy, _START)["startSchedule"].get("scheduleState", {}).get("status") == "RUNNING"


def _finished(proxy: int) -> list[dict]:
    found = _graphql(proxy, _RUNS)["runsOrError"]["results"]
    return [run for run in found if run["status"] in ("SUCCESS", "FAILURE")]


def test_a_scheduled_night_runs_though_one_was_killed_and_both_are_told_of(
    composed, receiver, yesterday, tmp_path, monkeypatch
):
    for name, value in composed.environment("dagster-daemon").items():
        if name.startswith(("DAGSTER_", "OBS_", "MLFLOW_")):
            monkeypatch.setenv(name, value)
    home = composed.folders["/data"]
    with (
        composed.up("mlflow", "dagster-webserver", "dagster-daemon", "metrics") as processes,
        in_front_of(f"127.0.0.1:{composed.ports['dagster-webserver']}", tmp_path) as proxy,
        dg.DagsterInstance.from_config(str(home / "dagster")) as instance,
    ):
        said = {name: composed.log(name) for name in processes}
        # what the sample's check of MLflow's health waits for
        health = f"http://127.0.0.1:{composed.ports['mlflow']}/health"
        until(
            "MLflow answers",
            lambda: httpx.get(health, timeout=60).raise_for_status(),
            processes["mlflow"],
            said["mlflow"],
            seconds=PATIENCE,
        )
        until(
            "the web server has the model",
            lambda: _loaded(proxy),
            processes["dagster-webserver"],
            said["dagster-webserver"],
            seconds=PATIENCE,
        )
        _killed_run(instance, home)
        runs = until(
            "the night has run",
            lambda: _finished(proxy),
            processes["dagster-daemon"],
            said["dagster-daemon"],
            seconds=PATIENCE,
        )
        until(
            "both are told of",
            lambda: len(receiver.received) > 1,
            processes["dagster-daemon"],
            said["dagster-daemon"],
            seconds=PATIENCE,
        )
        assert instance.get_run_by_id(KILLED).status is dg.DagsterRunStatus.FAILURE
        # the schedule ticks every minute, and may have asked for the day again
        assert {run["status"] for run in runs} == {"SUCCESS"}, said["dagster-daemon"].read_text()[-4_000:]
        partitions = {
            tag["value"] for run in runs for tag in run["tags"] if tag["key"] == "dagster/partition"
        }
        assert partitions == {str(yesterday)}
        materialized = instance.get_materialized_partitions(dg.AssetKey(["loan_default", "mlflow_report"]))
        assert materialized == {str(yesterday)}
        _seen_by_those_who_may(composed)

    failed, fired = sorted(receiver.received, key=lambda each: each["event"] != "failed")
    assert failed["run_id"] == KILLED
    assert fired["rule"] == "busy"
    with History.open(composed.environment("metrics")["OBS_DATABASE_URL"]) as history:
        (night,) = history.nights("loan_default")
        assert (night.day, night.evaluated, night.rows) == (yesterday, True, ROWS)
        (volume,) = history.metrics("loan_default", metrics=["volume"], segments=["*"])
        assert volume.value == ROWS


def _seen_by_those_who_may(composed: Composed) -> None:
    """MLflow has the night and asks who you are; the page for Prometheus has the model's health."""
    mlflow = f"http://127.0.0.1:{composed.ports['mlflow']}/api/2.0/mlflow/experiments/search"
    assert httpx.post(mlflow, json={"max_results": 10}, timeout=60).status_code == 401
    login = ("obs", composed.variables["MLFLOW_PASSWORD"])
    found = httpx.post(mlflow, json={"max_results": 10}, auth=login, timeout=60).raise_for_status().json()
    assert "obs/loan_default" in {each["name"] for each in found["experiments"]}
    page = httpx.get(f"http://127.0.0.1:{composed.ports['metrics']}/metrics", timeout=60).text
    assert f'obs_last_night_rows{{model="loan_default"}} {ROWS}' in page


def test_each_service_is_run_by_its_own_program(tmp_path):
    variables = ("POSTGRES_PASSWORD", "OBS_LOGS", "OBS_USERS", "MLFLOW_PASSWORD", "MLFLOW_SECRET_KEY")
    composed = Composed(tmp_path, dict.fromkeys(variables, "x"))
    assert set(composed.services) == {*PORTS, "dagster-daemon"}
    for name in set(composed.services) - {"postgres", "proxy"}:
        words = " ".join([*composed.command(name), *composed.environment(name).values()])
        assert "${" not in words
