"""Dagster's event log, while a run in this process writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from sqlalchemy import Engine, event


@contextmanager
def event_log_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the SQLite files of a run's events open for the block; other databases are left alone.

    Dagster opens a connection for every event. When the last one to a file closes, SQLite moves what the
    write-ahead log holds into the database, and removes the log: several waits for the disk for each event.
    And every commit waits for it, a handful of them for each event. None need to: what a run has not told
    when the power fails, it tells when it runs again. So the disk is waited for once, at the end.

    Args:
        instance: the instance.
        run_id: the run, whose events have a file of their own; it is made if there is none.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        yield
        return
    with storage.run_connection(run_id):
        pass
    files = [Path(storage.path_for_shard(shard)).resolve() for shard in (INDEX_SHARD_NAME, run_id)]
    with ExitStack() as held:
        for file in files:
            connection = held.enter_context(closing(sqlite3.connect(file)))
            # SQLite opens the write-ahead log with the first statement
            connection.execute("SELECT 1 FROM sqlite_master").fetchall()
            held.callback(_on_disk, connection)
        held.enter_context(_not_waiting(files))
        yield


@contextmanager
def _not_waiting(files: list[Path]) -> Iterator[None]:
    """Connections to SQLite files that begin in the block do not wait for the disk as they commit.

    After a failure of the system such a file is whole, and may lack the latest commits.
    """

    def configure(connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            _, _, path = connection.execute("PRAGMA database_list").fetchone()
            if path and Path(path).resolve() in files:
                connection.execute("PRAGMA synchronous = NORMAL")

    # Dagster makes an engine for every connection
    event.listen(Engine, "connect", configure)
    try:
        yield
    finally:
        event.remove(Engine, "connect", configure)


def _on_disk(connection: sqlite3.Connection) -> None:
    """What the write-ahead log holds survives a failure of the system from now on."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
