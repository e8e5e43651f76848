"""A machine that only sends counts has what its requirements name, and neither Dagster nor MLflow."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from obs_dagster.sites.package import read_package
from tests.unit.federation import alone

ROOT = Path(__file__).parents[3]
REQUIREMENTS = ROOT / "deploy" / "edge-requirements.txt"


@pytest.fixture
def site(small, day, tmp_path):
    """A site whose log is a view of Parquet files in a file of DuckDB."""
    rows = small().rows(day, 50)
    pq.write_table(pa.Table.from_pandas(rows), tmp_path / "log.parquet")
    with duckdb.connect(tmp_path / "site.ddb") as connection:
        connection.execute(f"CREATE VIEW log AS FROM read_parquet('{tmp_path / 'log.parquet'}')")
        connection.execute("CREATE TABLE labels AS SELECT id, score > 0.5 AS late FROM log LIMIT 20")
    place = {"source": "ibis", "path": f"duckdb://{tmp_path / 'site.ddb'}?read_only=true"}
    world = small(
        "monitors",
        engine="warehouse",
        end=str(day),
        logs=place | {"table": "log", "columns": small().keys["logs"]["columns"]},
        labels=place | {"table": "labels", "columns": {"prediction_id": "id", "label": "late"}},
        baseline={"kind": "days", "first": str(day), "last": str(day)},
        federation={"site": "berlin"},
    )
    world.root.mkdir(exist_ok=True)
    (world.root / "small.yaml").write_text(yaml.safe_dump(world.keys | world.changes))
    return world


def obs(site, tmp_path, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OBS_")}
    environment |= {
        "OBS_MONITORS": str(site.root),
        "OBS_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, alone.__file__, str(REQUIREMENTS), *arguments]
    return subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )


def test_days_are_counted_and_sent_with_little(site, day, tmp_path):
    counted = obs(site, tmp_path, "profile", "count", "small", "--from", str(day), "--to", str(day))
    assert counted.returncode == 0, counted.stderr
    assert f"{day}: 50 of 50 rows counted" in counted.stderr
    out = tmp_path / "berlin.obsprofile"
    sent = obs(site, tmp_path, "profile", "export", "small", "--out", str(out))
    assert sent.returncode == 0, sent.stderr
    package = read_package(out)
    assert package.days[str(day)]["rows"] == 50
    assert package.days[str(day)]["labels"] == 20


def test_the_others_are_not_there():
    there = alone.closure(REQUIREMENTS)
    gone = alone.Others(there).gone
    assert {"dagster", "mlflow", "great_expectations", "evidently", "shap", "sklearn", "sqlalchemy"} <= gone
    assert {"ibis", "duckdb", "narwhals", "numpy", "pyarrow"}.isdisjoint(gone)
    with pytest.raises(ModuleNotFoundError):
        alone.Others(there).find_spec("dagster.core")
