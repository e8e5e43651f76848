"""Dagster's event log while a run writes to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterEvent, DagsterEventType, EventLogEntry
from sqlalchemy import create_engine

from jobs.event_log import event_log_open
from jobs.instance import open_instance
from obs_dagster.settings import Settings

RUN = "0f5b8f4e-8c3f-4f43-9a3d-6a9d1c1d2e3f"


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("OBS_HOME", str(tmp_path))
    # set by `open_instance`, and put back by pytest
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(Settings()) as opened:
        yield opened


def entry(kind: DagsterEventType) -> EventLogEntry:
    event = DagsterEvent(event_type_value=kind.value, job_name="nightly")
    return EventLogEntry(
        error_info=None,
        user_message="",
        level="debug",
        run_id=RUN,
        timestamp=0.0,
        dagster_event=event,
    )


def logs(instance: dg.DagsterInstance) -> list[str]:
    """The write-ahead logs of the files of the run's events."""
    folder = Path(instance.event_log_storage.path_for_shard(RUN)).parent
    return sorted(file.name for file in folder.glob("*-wal"))


def test_events_stay_in_the_write_ahead_log_until_the_run_has_ended(instance):
    with event_log_open(instance, RUN):
        # the start of a run is told in both files
        instance.event_log_storage.store_event(entry(DagsterEventType.RUN_START))
        assert logs(instance) == [f"{RUN}.db-wal", "index.db-wal"]
    assert logs(instance) == []
    stored = instance.event_log_storage.get_logs_for_run(RUN)
    assert [each.dagster_event_type for each in stored] == [DagsterEventType.RUN_START]


def test_without_it_each_event_is_moved_into_the_database(instance):
    instance.event_log_storage.store_event(entry(DagsterEventType.RUN_START))
    assert logs(instance) == []


def test_another_process_reads_the_events_meanwhile(instance, tmp_path):
    with event_log_open(instance, RUN):
        instance.event_log_storage.store_event(entry(DagsterEventType.RUN_START))
        with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as other:
            assert len(other.all_logs(RUN)) == 1


def test_a_log_that_is_no_sqlite_file_is_left_alone():
    with dg.DagsterInstance.ephemeral() as instance, event_log_open(instance, RUN):
        instance.event_log_storage.store_event(entry(DagsterEventType.RUN_START))
        assert len(instance.all_logs(RUN)) == 1


def waits(connection) -> bool:
    """Whether a commit waits until the disk has it."""
    full = 2
    return bool(connection.exec_driver_sql("PRAGMA synchronous").scalar() == full)


def test_commits_of_events_do_not_wait_for_the_disk_until_the_run_has_ended(instance, tmp_path):
    storage = instance.event_log_storage
    with event_log_open(instance, RUN):
        with storage.run_connection(RUN) as connection:
            assert not waits(connection)
        with storage.index_connection() as connection:
            assert not waits(connection)
        with create_engine(f"sqlite:///{tmp_path}/another.db").connect() as connection:
            assert waits(connection)
    with storage.run_connection(RUN) as connection:
        assert waits(connection)


def test_what_a_run_told_is_in_the_database_though_another_process_keeps_it_open(instance):
    with event_log_open(instance, RUN):
        instance.event_log_storage.store_event(entry(DagsterEventType.RUN_START))
        file = Path(instance.event_log_storage.path_for_shard(RUN))
        reader = sqlite3.connect(file)
        reader.execute("SELECT count(*) FROM event_logs").fetchall()
    with closing(reader), closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as without_log:
        assert without_log.execute("SELECT count(*) FROM event_logs").fetchall() == [(1,)]
