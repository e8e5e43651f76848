"""A day on a Spark Connect server, with which the night talks by gRPC alone."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.sources.ingest import LOGS
from tests.servers import free_port, running

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
#: In a process of its own: pyspark has sessions of one kind or of the other.
PROGRAM = """
import datetime as dt
import sys
from pathlib import Path

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs

keys, file, day = sys.argv[1:]
monitor = Monitor.model_validate_json(keys, context=Path(file))
lake, on = Lake(Path(file).parent / "lake"), dt.date.fromisoformat(day)
rows = ingest_logs(monitor, on, lake).rows
print(monitor.engine.reads_here, rows, validate_day(monitor, on, lake).quarantined)
"""


@pytest.fixture
def server(tmp_path):
    pyspark = pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    if not shutil.which("java", path=os.environ.get("JAVA_HOME", "") + "/bin:" + os.environ["PATH"]):
        pytest.skip("Java is not installed")
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
    }
    given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")
    folder = tmp_path / "server"
    folder.mkdir()
    command = ["env", "SPARK_LOCAL_IP=127.0.0.1", f"PYSPARK_PYTHON={sys.executable}", submit]
    command += ["--class", SERVER, "--master", "local[2]", *given]
    with running(command, folder, lambda: socket.create_connection(("127.0.0.1", port), 1).close()):
        yield f"sc://127.0.0.1:{port}"


def test_a_day_is_read_and_validated_as_duckdb_does(small, day, server):
    worlds = []
    for folder, engine in (("here", "duckdb"), ("there", {"kind": "spark", "master": server})):
        world = small(folder, engine=engine)
        rows = world.rows(day)
        rows.loc[3:5, "score"] = 2.0
        world.log(day, rows)
        file, keys = world.root / "small.yaml", world.monitor.model_dump_json(exclude_unset=True)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, keys, file, str(day)],
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if not name.startswith("SPARK")},
        )
        told = (done.returncode, done.stdout.split())
        assert told == (0, [str(engine == "duckdb"), "200", "3"]), done.stderr
        worlds.append(world)
    tables = [[each.lake.table("small", name).read(day) for name in (LOGS, QUARANTINE)] for each in worlds]
    for one, other in zip(*tables, strict=True):
        assert one.replace_schema_metadata(None).equals(other.replace_schema_metadata(None))
    qualities = [day_quality(each.monitor, day, each.lake) for each in worlds]
    assert qualities[0].results == qualities[1].results
