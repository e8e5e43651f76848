import datetime as dt
import json
import os
import runpy
import shutil
from pathlib import Path

import pytest

from obs_dagster.reports.mlflow import MlflowReport, VersionReport
from obs_dagster.reports.mlflow.tracking import Tracking
from obs_dagster.verdict.verdict import Verdict

SEASON = runpy.run_path(str(Path(__file__).parents[2] / "season.py"))
record, LAST = SEASON["record"], SEASON["LAST"]


@pytest.fixture(scope="session")
def schema(tmp_path_factory):
    """A database with MLflow's tables, which take seconds to create."""
    path = tmp_path_factory.mktemp("mlflow") / "template.db"
    Tracking(f"sqlite:///{path}").experiment("obs/template")
    return path


@pytest.fixture
def uri(schema, tmp_path):
    shutil.copy(schema, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture
def report(uri):
    return MlflowReport(uri)


@pytest.fixture
def client(uri):
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow import MlflowClient

    return MlflowClient(uri, registry_uri=uri)


@pytest.fixture
def make_night():
    """A night of a version, as `back` days before the last."""

    def make(back=0, version="1", recall=0.4, *, settled=True, temp=0.3, **changes):
        day = LAST - dt.timedelta(days=back)
        described = {
            "model": "flight_delay",
            "version": version,
            "day": day,
            "records": [
                record("recall", version, day, recall),
                record("recall", version, day, recall - 0.1, segment="origin=JFK"),
                record("precision", version, day, None, reason="no rows"),
                record("psi", version, day, temp, column="temp"),
                record("volume", version, day, 900.0, window=1),
            ],
            "settled": settled,
            "verdict": Verdict(version, "sound", ("no rule is in breach",), ()),
            "params": {"monitor": "3f1c"},
            "artifacts": {"health.html": "<p>well</p>", "shap/values.bin": b"\x00\x01"},
        }
        return VersionReport(**(described | changes))

    return make


class Reader:
    """What somebody who opens MLflow sees."""

    def __init__(self, client):
        self.client = client
        self.runs = client.search_runs(
            [client.get_experiment_by_name("obs/flight_delay").experiment_id], max_results=500
        )

    def of(self, kind, version="1"):
        return [
            run
            for run in self.runs
            if run.data.tags["obs.kind"] == kind and run.data.tags["obs.version"] == version
        ]

    @property
    def trend(self):
        (run,) = self.of("trend")
        return run

    def points(self, version="1"):
        """Every point of the trend: name, day -> values."""
        (run,) = self.of("trend", version)
        found = {}
        for name in run.data.metrics:
            for point in self.client.get_metric_history(run.info.run_id, name):
                day = dt.date(1970, 1, 1) + dt.timedelta(days=point.step)
                assert point.timestamp == point.step * 86_400_000
                found.setdefault((name, day), []).append(point.value)
        return found

    def nights(self, version="1"):
        """Every nightly run: day -> metrics; asserts that there is one, below the trend."""
        (trend,) = self.of("trend", version)
        found = {}
        for run in self.of("night", version):
            assert run.data.tags["mlflow.parentRunId"] == trend.info.run_id
            assert json.loads(run.data.tags["mlflow.obs.state"])["complete"]
            day = dt.date.fromisoformat(run.data.tags["obs.day"])
            assert day not in found
            found[day] = run.data.metrics
        return found

    def everything(self):
        """What is seen, down to the ids."""
        return {
            run.info.run_id: (run.data.metrics, run.data.params, run.data.tags, run.info.run_name)
            for run in self.runs
        }


@pytest.fixture
def read(client):
    return lambda: Reader(client)
