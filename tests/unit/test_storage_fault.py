"""Faults of storage, provoked for real."""

import errno
import os
import resource
import signal
import sqlite3
import subprocess
from contextlib import closing, contextmanager

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from obs_dagster.errors import HistoryError, ObsError, SourceError
from obs_dagster.history import History, connections
from obs_dagster.lake.lake import Lake
from obs_dagster.sources.files import SourceFiles
from obs_dagster.storage_fault import blames_storage, storage_fault


@contextmanager
def small_files(limit):
    """No file may become larger, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def tmpfs(tmp_path):
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def told(error, place="somewhere"):
    found = storage_fault(error, place)
    assert found is not None, repr(error)
    assert blames_storage(error)
    assert found.remedy
    return found.message


def write_python(place):
    (place / "file").write_bytes(os.urandom(3_000_000))


def write_arrow(place):
    pq.write_table(pa.table({"x": [os.urandom(1_000) for _ in range(3_000)]}), place / "file")


def write_duckdb(place):
    with duckdb.connect() as connection:
        query = "SELECT random() AS x FROM range(1000000)"
        connection.execute(f"COPY ({query}) TO '{place / 'file'}' (FORMAT parquet)")


def spill_duckdb(place):
    with duckdb.connect(
        config={"temp_directory": str(place / "spilt"), "memory_limit": "30MB"}
    ) as connection:
        query = "SELECT hash(range) AS x, hash(range + 1)::VARCHAR AS y FROM range(3000000) ORDER BY y"
        connection.execute(f"CREATE TABLE t AS {query}")


def write_sqlite(place):
    with closing(sqlite3.connect(place / "file")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (?)", (os.urandom(3_000_000),))
        connection.commit()


WRITERS = [write_python, write_arrow, write_duckdb, write_sqlite]


@pytest.mark.parametrize("write", [*WRITERS, spill_duckdb])
def test_a_full_disk(tmpfs, write):
    with pytest.raises(Exception) as caught:  # noqa: PT011  every library has its own
        write(tmpfs)
    assert "no room left" in told(caught.value)


@pytest.mark.parametrize("write", [write_python, write_arrow, write_duckdb])
def test_a_file_that_may_not_grow(tmp_path, write):
    with small_files(100_000), pytest.raises(Exception) as caught:  # noqa: PT011
        write(tmp_path)
    assert "no room left" in told(caught.value)


@pytest.mark.parametrize("write", [write_python, write_arrow, write_duckdb])
def test_a_read_only_place(tmpfs, write):
    subprocess.run(["mount", "-o", "remount,ro", str(tmpfs)], check=True)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        write(tmpfs)
    message = told(caught.value)
    assert "read-only" in message
    assert str(tmpfs) in message


def test_a_read_only_database(tmpfs):
    with closing(sqlite3.connect(tmpfs / "file")) as connection:
        connection.execute("CREATE TABLE t (x)")
    subprocess.run(["mount", "-o", "remount,ro", str(tmpfs)], check=True)
    with closing(sqlite3.connect(tmpfs / "file")) as connection, pytest.raises(sqlite3.Error) as caught:
        connection.execute("INSERT INTO t VALUES (1)")
    assert told(caught.value, "the place").startswith("the place cannot be used: it is read-only")


@pytest.fixture
def home(tmpfs, monkeypatch):
    """The home on that disk, and another lake."""
    monkeypatch.setenv("OBS_HOME", str(tmpfs / "home"))
    monkeypatch.setenv("OBS_LAKE", str(tmpfs.parent / "lake"))
    return tmpfs / "home"


def test_a_full_home_is_named_by_its_setting_where_the_error_names_nothing(home):
    (home.parent / "filler").write_bytes(bytes(2**19))
    error = pa.ArrowException("Error writing bytes to file. Detail: [errno 28] No space left on device")
    error.__class__.__module__ = "pyarrow.lib"
    for place in (home.parent.parent / "lake", home):
        assert told(error, place).startswith(
            f"The home folder {home} (OBS_HOME) cannot be used: there is no room"
        )
    # SQLite's word for it on some file systems
    broken = sqlite3.OperationalError("disk I/O error")
    assert "there is no room left (disk I/O error)" in told(broken, home)


def test_a_read_only_home_is_named_by_its_setting(home):
    subprocess.run(["mount", "-o", "remount,ro", str(home.parent)], check=True)
    with pytest.raises(OSError, match="Read-only") as caught:
        home.mkdir()
    assert told(caught.value).startswith(f"The home folder {home} (OBS_HOME) cannot be used: it is read-only")
    missing = sqlite3.OperationalError("unable to open database file")
    assert "(OBS_HOME) cannot be used: it is read-only" in told(missing, home)


def test_of_a_file_that_is_copied_its_copy_has_no_room(tmp_path):
    error = OSError(errno.ENOSPC, "No space left on device", "/logs/in", None, str(tmp_path / "out"))
    assert told(error).startswith(f"{tmp_path / 'out'} cannot be used")


def test_a_place_that_another_user_owns_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path))
    found = storage_fault(PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "x")), "?")
    assert found.message == (
        f"{tmp_path / 'x'}, in the home folder (OBS_HOME), cannot be used: this user may not write or read "
        "it (Permission denied)."
    )


def test_a_locked_history_names_its_file_and_who_must_end(tmp_path, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0.1)
    file = tmp_path / "history.db"
    History.open(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as other, History.open(f"sqlite:///{file}") as history:
        other.execute("BEGIN EXCLUSIVE")
        with (
            pytest.raises(HistoryError, match="another program holds its lock") as caught,
            history.writing("m"),
        ):
            pass
    assert str(file) in caught.value.message
    assert "Wait for the other program" in caught.value.remedy


def test_a_file_that_is_only_read_is_still_to_blame(tmp_path):
    file = tmp_path / "log.parquet"
    file.write_bytes(b"no parquet")
    source = SourceFiles("parquet", str(file), (file,))
    with duckdb.connect() as connection, pytest.raises(SourceError, match=r"log\.parquet"):
        source.relation(connection).fetchall()
    denied = PermissionError(errno.EACCES, "Permission denied", str(file))
    assert not blames_storage(denied)
    assert isinstance(source.unreadable(denied), SourceError)


def test_a_full_disk_is_not_blamed_on_the_file_that_is_read(tmp_path):
    file = tmp_path / "log.parquet"
    error = duckdb.IOException('IO Error: Could not write file "/lake/x": No space left on device')
    found = SourceFiles("parquet", str(file), (file,)).unreadable(error)
    assert "/lake/x cannot be used" in str(found)
    assert "log.parquet" not in str(found)


def test_other_errors_are_none():
    assert storage_fault(ValueError("disk is full of it"), "x") is None
    assert storage_fault(KeyError("database is locked"), "x") is None


def test_a_lake_on_a_full_disk_keeps_its_last_state(tmpfs):
    import datetime as dt

    table, day = Lake(tmpfs).table("m", "t"), dt.date(2024, 3, 1)
    table.write(day, pa.table({"x": [1]}), {})
    with pytest.raises((OSError, pa.ArrowException, ObsError)) as caught:
        table.write(day, pa.table({"x": [os.urandom(1_000) for _ in range(3_000)]}), {})
    assert "no room left" in told(caught.value)
    assert table.read(day).to_pylist() == [{"x": 1}]
    assert [file.name for file in tmpfs.rglob("*") if file.is_file()] == ["data.parquet"]


def test_no_memory_is_told_as_that_and_not_as_something_that_nobody_foresaw(tmp_path):
    limits = {"memory_limit": "4MB", "temp_directory": "", "threads": "1"}
    with duckdb.connect(config=limits) as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(
            "SELECT max(a) FROM (SELECT range::TEXT AS a, count(*) FROM range(1000000) GROUP BY 1)"
        )
    found = storage_fault(caught.value, tmp_path)
    assert found is not None
    assert "no memory left" in found.message
    assert "memory" in storage_fault(MemoryError(), tmp_path).message
