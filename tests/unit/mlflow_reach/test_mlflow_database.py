"""MLflow's database is whole or not there, whoever is killed while it is made."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest
from sqlalchemy import create_engine, inspect, text

from obs_dagster.mlflow_reach.answer import require_mlflow
from obs_dagster.mlflow_reach.database import make_ready, sqlite_state
from obs_dagster.mlflow_reach.error import MlflowUnavailable
from obs_dagster.reports.mlflow.tracking import Tracking

MAKE = "import sys; from obs_dagster.mlflow_reach.database import make_ready; make_ready(sys.argv[1])"
RAW = "import sys; from mlflow import MlflowClient; MlflowClient(sys.argv[1]).search_experiments()"


def start(code, uri):
    environ = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    return subprocess.Popen([sys.executable, "-c", code, uri], env=environ, stderr=subprocess.PIPE, text=True)


def killed_when(process, seen):
    """Kill a process once something is seen; returns whether it came to that."""
    try:
        while process.poll() is None:
            if seen():
                process.send_signal(signal.SIGKILL)
                return True
            time.sleep(0.002)
    finally:
        process.communicate()
    return False


def tables(path):
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0)) as connection:
            return {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.Error:
        return set()


def works(uri):
    experiment = Tracking(uri).experiment("obs/anything")
    return bool(experiment)


@pytest.mark.parametrize("tables_made", [1, 12, 25])
def test_one_that_mlflow_itself_left_half_made_is_seen_and_made_anew(tmp_path, tables_made):
    path = tmp_path / "mlflow.db"
    uri = f"sqlite:///{path}"
    assert killed_when(start(RAW, uri), lambda: len(tables(path)) >= tables_made)
    assert sqlite_state(path) == "half-made"
    with pytest.raises(MlflowUnavailable, match="half-made") as caught:
        require_mlflow(uri)
    assert "next run makes it anew" in caught.value.remedy
    assert works(uri)
    assert sqlite_state(path) == "whole"


@pytest.mark.parametrize("size", [0, 100_000, 500_000])
def test_a_kill_while_it_is_made_leaves_none_and_the_next_one_makes_it(tmp_path, size):
    path = tmp_path / "mlflow.db"

    def seen():
        # a journal beside it comes and goes
        made = (each for each in tmp_path.glob(".mlflow.db.*-*") if not each.name.endswith("-journal"))
        return any(each.stat().st_size >= size for each in made)

    assert killed_when(start(MAKE, f"sqlite:///{path}"), seen)
    assert sqlite_state(path) == "absent"
    assert works(f"sqlite:///{path}")
    assert [each.name for each in tmp_path.glob(".mlflow.db.*")] == [".mlflow.db.lock"]


def test_programs_that_begin_at_once_all_find_a_whole_one(tmp_path):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    found = [(each.communicate()[1], each.returncode) for each in [start(MAKE, uri) for _ in range(3)]]
    assert [code for _, code in found] == [0, 0, 0], found
    assert works(uri)


def test_one_that_holds_something_and_is_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "mlflow.db"
    uri = f"sqlite:///{path}"
    tracking = Tracking(uri)
    import datetime as dt

    tracking.create(tracking.experiment("obs/x"), "run", {}, dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(MlflowUnavailable, match="another version") as caught:
        make_ready(uri)
    assert "mlflow db upgrade" in caught.value.remedy
    assert path.read_bytes() == before


def test_what_is_no_database_is_said_to_be_none(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"no database at all, but long enough to be one" * 100)
    with pytest.raises(MlflowUnavailable, match="cannot be read"):
        require_mlflow(f"sqlite:///{path}")


def test_two_first_runs_on_postgres_follow_one_another(postgres_database):
    uri = postgres_database()
    found = [(each.communicate()[1], each.returncode) for each in [start(MAKE, uri) for _ in range(2)]]
    assert [code for _, code in found] == [0, 0], found
    engine = create_engine(uri)
    with engine.connect() as connection:
        assert len(list(connection.execute(text("SELECT * FROM alembic_version")))) == 1
    assert inspect(engine).has_table("runs")
    engine.dispose()
    require_mlflow(uri)


WRITE = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
insert = "INSERT INTO experiments (name, lifecycle_stage) VALUES (?, 'active')"
connection.executemany(insert, ([str(number) * 99] for number in range(500)))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_process_left_that_was_killed_in_a_transaction_is_rolled_back(tmp_path):
    path = tmp_path / "mlflow.db"
    make_ready(f"sqlite:///{path}")
    subprocess.run([sys.executable, "-c", WRITE, path], check=False)
    # pages of the transaction are in the file, and what they were before beside it
    assert path.with_name("mlflow.db-journal").exists()
    assert sqlite_state(path) == "whole"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM experiments").fetchone() == (0,)
