"""Dagster's event log, while a run in this process writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage


@contextmanager
def event_log_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the SQLite files of a run's events open for the block; other databases are left alone.

    Dagster opens a connection for every event. When the last one to a file closes, SQLite moves what the
    write-ahead log holds into the database, and removes the log: several waits for the disk for each event.

    Args:
        instance: the instance.
        run_id: the run, whose events have a file of their own; it is made if there is none.
    """
    storage = instance.event_log_storage
    with ExitStack() as held:
        if isinstance(storage, SqliteEventLogStorage):
            with storage.run_connection(run_id):
                pass
            for shard in (INDEX_SHARD_NAME, run_id):
                connection = held.enter_context(closing(sqlite3.connect(storage.path_for_shard(shard))))
                # SQLite opens the write-ahead log with the first statement
                connection.execute("SELECT 1 FROM sqlite_master").fetchall()
        yield
