from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from obs_dagster.errors import HistoryError
from obs_dagster.history import History, NightRecord
from obs_dagster.history.columns import METADATA
from obs_dagster.history.migrate import HEAD, MIGRATIONS
from obs_dagster.history.place import parse_url, printable

NIGHT = NightRecord(
    model="m",
    day=dt.date(2013, 7, 1),
    evaluated=True,
    reason="",
    rows=10,
    versions=("1", "2"),
    run_id="run",
    finished_at=dt.datetime(2013, 7, 2, 12, tzinfo=dt.UTC),
)


def test_the_migrations_make_the_tables_of_the_schema(store: History):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert context.get_current_revision() == HEAD
    scripts = ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS / "versions"])
    assert scripts.get_current_head() == HEAD


def test_a_store_is_opened_again_with_what_it_held(store_url: str):
    with History.open(store_url) as store:
        store.record_night(NIGHT)
    with History.open(store_url) as store:
        assert store.nights("m") == [NIGHT]


def test_an_existing_store_opens_without_alembic(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'history.db'}"
    History.open(url).close()
    code = (
        "import sys; from obs_dagster.history import History;"
        f"History.open({url!r}).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_many_may_open_an_empty_store_at_once(store_url: str):
    barrier = threading.Barrier(6)
    faults: list[BaseException] = []

    def open_it():
        barrier.wait()
        try:
            History.open(store_url).close()
        except BaseException as error:  # noqa: BLE001  # shown by the assertion
            faults.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_processes_may_open_an_empty_store_at_once(store_url: str):
    code = f"from obs_dagster.history import History; History.open({store_url!r}).close()"
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 3


def test_a_store_that_is_newer_than_the_program_is_refused_untouched(store_url: str):
    History.open(store_url).close()
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(HistoryError, match=r"revision '9999'.*does not know.*Upgrade obs-dagster"):
        History.open(store_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(store_url: str):
    engine = create_engine(parse_url(store_url))
    if engine.dialect.name == "sqlite":
        assert engine.url.database is not None
        Path(engine.url.database).parent.mkdir()
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE deliveries (foreign_thing INTEGER)"))
    with pytest.raises(HistoryError, match="already exists"):
        History.open(store_url)
    assert inspect(engine).get_table_names() == ["deliveries"]
    engine.dispose()


def test_sqlite_is_set_up_for_readers_beside_a_writer(tmp_path: Path):
    with History.open(f"sqlite:///{tmp_path / 'h.db'}") as store, store.reading() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg"])
def test_postgresql_always_means_psycopg2(scheme):
    url = parse_url(f"{scheme}://obs:hunter2@db.example:5433/obs?sslmode=require")
    assert url.drivername == "postgresql+psycopg2"
    assert url.password == "hunter2"
    assert printable(url) == "PostgreSQL at db.example:5433/obs"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://obs:hunter2@127.0.0.1:1/obs",
        "postgresql://127.0.0.1:1/obs?user=obs&password=hunter2",
    ],
)
def test_a_database_that_is_down_is_named_without_its_password(url):
    with pytest.raises(HistoryError, match=r"PostgreSQL at 127\.0\.0\.1:1/obs") as caught:
        History.open(url)
    assert "hunter2" not in str(caught.value)
    assert "OBS_DATABASE_URL" in caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "postgresql//obs:hunter2@db/obs",
        "postgresql://obs:x@y:hunter2@db:no/obs",
        "mysql://obs:hunter2@db/obs",
    ],
)
def test_a_malformed_url_is_refused_without_its_password(url):
    with pytest.raises(HistoryError) as caught:
        History.open(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.remedy


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_is_refused(url):
    with pytest.raises(HistoryError, match="in memory"):
        History.open(url)


def test_a_file_that_is_no_database_is_an_error_with_its_name(tmp_path: Path):
    (tmp_path / "h.db").write_text("not a database, but long enough to be looked at" * 30)
    with pytest.raises(HistoryError, match=r"h\.db.*not a database"):
        History.open(f"sqlite:///{tmp_path / 'h.db'}")


def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="file/deeper"):
        History.open(f"sqlite:///{tmp_path / 'file' / 'deeper' / 'h.db'}")


def test_a_killed_writer_leaves_the_last_good_state(store_url: str):
    with History.open(store_url) as store:
        store.record_night(NIGHT)
    code = f"""
import os, datetime as dt
from sqlalchemy import delete
from obs_dagster.history import History
from obs_dagster.history.tables import NIGHTS
store = History.open({store_url!r})
with store.writing("m") as connection:
    connection.execute(delete(NIGHTS))
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with History.open(store_url) as store:
        assert store.nights("m") == [NIGHT]
        store.record_night(NIGHT)
