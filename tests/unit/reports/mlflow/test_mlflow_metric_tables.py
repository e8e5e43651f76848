"""What is written into MLflow's tables is what MLflow would have written."""

import sqlite3

import pytest
from mlflow import MlflowClient

from obs_dagster.reports.mlflow import MlflowRejected
from obs_dagster.reports.mlflow.entities import Point
from obs_dagster.reports.mlflow.metric_tables import MetricTables
from obs_dagster.reports.mlflow.tracking import Tracking

POINTS = [
    Point("performance/7d/recall", 0.25, 10),
    Point("performance/7d/recall", 0.5, 12),
    Point("performance/7d/recall", 0.125, 11),
    Point("service/1d/volume", 1e9, 12),
    Point("service/1d/volume", -0.0, 3),
]


def stored(path, run):
    with sqlite3.connect(path) as database:
        return {
            table: sorted(
                database.execute(
                    f"SELECT key, value, timestamp, step, is_nan FROM {table} WHERE run_uuid = ?",
                    [run],
                )
            )
            for table in ("metrics", "latest_metrics")
        }


@pytest.fixture
def run(client):
    """Makes runs."""
    experiment = client.create_experiment("obs/tables")
    return lambda: client.create_run(experiment).info.run_id


@pytest.fixture
def tables(uri):
    found = MetricTables.find(uri)
    assert found is not None
    return found


@pytest.mark.parametrize("parts", [[5], [2, 3], [4, 1], [1, 1, 1, 1, 1]])
def test_points_are_stored_as_mlflow_stores_them(client, run, tables, tmp_path, parts):
    theirs, ours = run(), run()
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")
    left = list(POINTS)
    for size in parts:
        part, left = left[:size], left[size:]
        tracking.describe(theirs, tags={}, points=part)
        assert tables.write({ours: part}) == set()
    assert stored(tmp_path / "mlflow.db", ours) == stored(tmp_path / "mlflow.db", theirs)
    assert client.get_run(ours).data.metrics == {"performance/7d/recall": 0.5, "service/1d/volume": 1e9}


def test_the_same_points_again_change_nothing(run, tables, tmp_path):
    ours = run()
    tables.write({ours: POINTS})
    before = stored(tmp_path / "mlflow.db", ours)
    tables.write({ours: POINTS})
    assert stored(tmp_path / "mlflow.db", ours) == before


def test_a_run_that_is_not_there_is_left_to_mlflow(uri, client, run, tables, tmp_path):
    deleted = run()
    client.delete_run(deleted)
    for gone in (deleted, "0" * 32):
        there = run()
        assert tables.write({gone: POINTS, there: POINTS, run(): []}) == {gone}
        assert len(stored(tmp_path / "mlflow.db", there)["metrics"]) == len(POINTS)
        assert stored(tmp_path / "mlflow.db", gone)["metrics"] == []
    tracking = Tracking(uri)
    left = tracking.log({deleted: POINTS, there: POINTS})
    assert left == {deleted: POINTS, there: []}
    with pytest.raises(MlflowRejected):
        tracking.describe(deleted, tags={}, points=left[deleted])


def test_tables_of_another_form_are_left_to_mlflow(uri, client, run, tmp_path):
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("ALTER TABLE latest_metrics ADD COLUMN unit TEXT")
    assert MetricTables.find(uri) is None
    ours = run()
    tracking = Tracking(uri)
    tracking.describe(ours, tags={}, points=tracking.log({ours: POINTS})[ours])
    assert client.get_run(ours).data.metrics["performance/7d/recall"] == 0.5


def test_a_server_has_no_tables():
    assert MetricTables.find("http://127.0.0.1:9") is None


def test_postgresql_holds_what_mlflow_would_have_stored(postgres_database, tmp_path):
    uri = postgres_database()
    client = MlflowClient(uri, uri)
    experiment = client.create_experiment("obs/tables", str(tmp_path))
    theirs, ours = (client.create_run(experiment).info.run_id for _ in range(2))
    tables = MetricTables.find(uri)
    assert tables is not None
    Tracking(uri).describe(theirs, tags={}, points=POINTS)
    assert tables.write({ours: POINTS[:3]}) == set()
    assert tables.write({ours: POINTS}) == set()
    held = [client.get_run(each).data.metrics for each in (ours, theirs)]
    assert held[0] == held[1] == {"performance/7d/recall": 0.5, "service/1d/volume": 1e9}
    for metric in held[0]:
        points = [
            sorted(
                (point.step, point.value, point.timestamp)
                for point in client.get_metric_history(each, metric)
            )
            for each in (ours, theirs)
        ]
        assert points[0] == points[1]
