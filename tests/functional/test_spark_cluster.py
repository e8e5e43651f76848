"""A night on a standalone cluster of Spark, of whose workers one is killed while it reads."""

import os
import shutil
import threading
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.spark_cluster import SparkCluster, end, processes_of
from obs_dagster.spark import session

#: Rows of a day that is read for long enough to be met while it is.
ROWS = 300_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers of one core, for the tests of this file."""
    pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
    if not shutil.which("java", path=os.environ.get("JAVA_HOME", "") + "/bin:" + os.environ["PATH"]):
        pytest.skip("Java is not installed")
    with SparkCluster(tmp_path_factory.mktemp("cluster")).running(2) as running:
        yield running
        session.stop()
        processes = [each for worker in running.workers for each in (*processes_of(worker.pid), worker.pid)]
    assert not any(map(alive, processes))


@pytest.fixture
def on_cluster(cluster):
    return {"kind": "spark", "master": cluster.master, "config": cluster.config}


def test_a_night_whose_worker_is_killed_while_it_reads_says_what_one_on_duckdb_says(
    small, day, cluster, on_cluster
):
    nights, worlds = [], []
    for engine, folder in (("duckdb", "here"), (on_cluster, "there")):
        world = small(folder, engine=engine)
        rows = world.rows(day, ROWS)
        rows["at"] = pd.Timestamp(day, tz="UTC") + pd.to_timedelta(np.arange(ROWS) % 86_400, "s")
        rows.loc[rows.index[::1000], "score"] = 2.0
        world.log(day, rows)
        world.labels("a.parquet", rows, day=day)
        world.train("1")
        worlds.append(world)
    nights.append(worlds[0].night(day))
    killer = Killer(cluster, worlds[1].lake.root)
    killer.start()
    nights.append(worlds[1].night(day))
    killer.join(60)

    assert killer.killed
    assert_alike(worlds, nights, day)


def test_a_lake_in_a_bucket_is_read_and_written_by_executors(small, small_in, bucket, day, on_cluster):
    names = [name for name in os.environ if name.startswith("AWS_")]
    given = {f"spark.executorEnv.{name}": os.environ[name] for name in names}
    there = small_in(bucket, "there", engine=on_cluster | {"config": on_cluster["config"] | given})
    worlds, nights = [small("here"), there], []
    for world in worlds:
        rows = world.rows(day)
        rows.loc[3:5, "score"] = 2.0
        world.log(day, rows)
        world.labels("a.parquet", rows, day=day)
        world.train("1")
        nights.append(world.night(day))
    assert_alike(worlds, nights, day)


def assert_alike(worlds, nights, day):
    """The same records, and the same rows and counts in the lake."""
    assert len(nights[0]) == len(nights[1]) > 20
    for one, other in zip(*nights, strict=True):
        others = asdict(other)
        for name, value in asdict(one).items():
            near = pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            assert others[name] == near, one
    for table in ("inference_logs", "quarantine", "ground_truth", "profile"):
        here, there = (world.lake.table("small", table).read(day) for world in worlds)
        assert here.num_rows
        # these differ by the order in which numbers were added up
        sums = [name for name in ("total", "total_sq") if name in here.column_names]
        one, other = (each.drop_columns(sums).replace_schema_metadata(None) for each in (here, there))
        assert one.equals(other), table


class Killer(threading.Thread):
    """Kills the worker that writes into a lake, with all of its processes, once.

    Attributes:
        killed: the processes.
    """

    def __init__(self, cluster: SparkCluster, lake: Path):
        super().__init__(daemon=True)
        self.cluster, self.lake = cluster, lake
        self.killed: list[int] = []

    def run(self):
        ends = time.monotonic() + 240
        while not self.killed and time.monotonic() < ends:
            for worker in self.cluster.workers:
                processes = processes_of(worker.pid)
                if any(self._writes(each) for each in processes):
                    end(worker)
                    self.killed = [*processes, worker.pid]
                    self.cluster.add_worker()
                    return
            time.sleep(0.01)

    def _writes(self, process: int) -> bool:
        try:
            open_files = [str(each.readlink()) for each in Path(f"/proc/{process}/fd").iterdir()]
        except OSError:
            return False
        return any(each.startswith(f"{self.lake}/small/inference_logs/") for each in open_files)


def alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    # one that nobody has asked for yet is over, too
    return state != "Z"
