"""From a query of a dashboard to the value that `obs metrics` prints: one number everywhere."""

import datetime as dt
import json
import sqlite3
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobs.cli.app import app
from obs_dagster.dashboards.__main__ import files
from tests.functional.conftest import ALONE, FIRST
from tests.grafana import interpolated, panels, sql_of
from tests.servers import answers, asked, free_port, prometheus_at, running, until

BINARY = "model-binary-classification.json"
CHOSEN = {"model": ["flight_delay"], "version": ["1", "2"], "segment": ["*"], "window": ["7"]}
# labels are waited for five days
COMPLETE = ALONE - dt.timedelta(days=5)


@pytest.fixture(scope="module")
def printed(season):
    """What `obs metrics` prints of a metric, by version."""

    def values(metric, day):
        asked_for = ["metrics", "flight_delay", "--metric", metric, "--day", str(day), "--window", "7"]
        with season.place.environment():
            done = CliRunner().invoke(app, [*asked_for, "--segment", "*", "--format", "json"])
        return {each["version"]: each["value"] for each in json.loads(done.stdout)}

    return values


def drawn(title, kind):
    """The query of a panel."""
    document = json.loads(files()[f"sqlite/{BINARY}"])
    (panel,) = (each for each in panels(document) if (each["title"], each["type"]) == (title, kind))
    return panel["targets"][0]


def test_a_chart_of_the_history_has_the_numbers_of_obs_metrics(season, printed):
    span = [dt.datetime.combine(each, dt.time(), dt.UTC) for each in (FIRST, ALONE)]
    query = interpolated(sql_of(drawn("Recall", "timeseries")), CHOSEN, *span)
    with sqlite3.connect(season.place.home / "history.db") as store:
        rows = store.execute(query).fetchall()
    for day in (COMPLETE, ALONE):
        at = dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
        assert {series: value for time, series, value in rows if time == at and " " not in series} == {
            version: value for version, value in printed("recall", day).items() if value is not None
        }


def test_prometheus_has_them_too_from_what_obs_serves(season, printed, tmp_path):
    port = free_port()
    command = [str(Path(sys.executable).with_name("obs")), "metrics", "serve", "--port", str(port)]
    page = f"http://127.0.0.1:{port}/metrics"
    with (
        season.place.environment(),
        running(command, tmp_path, answers(page)),
        prometheus_at(tmp_path, page) as prometheus,
    ):
        query = interpolated(drawn("Recall", "stat")["expr"], CHOSEN, *[dt.datetime.now(dt.UTC)] * 2)
        series = until("the page was scraped", lambda: asked(prometheus, query))
        lost = 'obs_alert_state{rule="recall_lost", state="firing"}'
        firing = until("it was scraped again", lambda: asked(prometheus, lost))
    assert {each["metric"]["version"]: float(each["value"][1]) for each in series} == printed(
        "recall", COMPLETE
    )
    assert {each["metric"]["version"] for each in firing} == {"1"}
