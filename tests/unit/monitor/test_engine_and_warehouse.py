import jsonschema
import pytest
import yaml

from obs_dagster.engine.duckdb import DuckDBEngine
from obs_dagster.engine.spark import SparkEngine
from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import json_schema
from obs_dagster.monitor.loading import load_monitor
from obs_dagster.monitor.reference import EXAMPLE

METRICS = {name: definitions()[name] for name in ("psi", "recall")}


@pytest.fixture
def load(tmp_path):
    """Loads the example with other keys at the top level, after the schema accepted it."""

    def run(environ=None, **changes):
        document = yaml.safe_load(EXAMPLE.read_text()) | changes
        document["start"] = str(document["start"])
        jsonschema.validate(document, json_schema())
        path = tmp_path / "monitor.yaml"
        path.write_text(yaml.safe_dump(document))
        return load_monitor(path, environ=environ or {}, metrics=METRICS)

    return run


@pytest.mark.parametrize(
    ("written", "engine"),
    [
        ("duckdb", DuckDBEngine()),
        ("spark", SparkEngine()),
        ({"kind": "duckdb"}, DuckDBEngine()),
        (
            {"kind": "spark", "master": "local[2]", "config": {"spark.driver.memory": "4g"}},
            SparkEngine(master="local[2]", config={"spark.driver.memory": "4g"}),
        ),
    ],
)
def test_an_engine_is_a_word_or_a_mapping(load, written, engine):
    assert load(engine=written).engine == engine


def test_the_engine_is_duckdb_unless_said_otherwise(load):
    assert load().engine == DuckDBEngine()


def test_the_url_of_a_warehouse_keeps_its_variables(load):
    columns = {"prediction_id": "id", "time": "at", "version": "version", "score": "score"}
    logs = {
        "source": "ibis",
        "path": "postgres://obs:${PASSWORD}@db/serving",
        "table": "predictions",
        "columns": columns,
    }
    monitor = load({"PASSWORD": "hunter2"}, logs=logs)
    assert monitor.logs.path == logs["path"]
    assert "hunter2" not in monitor.model_dump_json()
