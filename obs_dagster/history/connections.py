"""Connections to the store: SQLite or PostgreSQL, readers apart from writers, faults as HistoryError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from obs_dagster.errors import HistoryError
from obs_dagster.history.place import make_folder, printable
from obs_dagster.history.queries import queried, watched
from obs_dagster.storage_fault import storage_fault

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another one."""

_FAULTS = (OperationalError, InterfaceError, DatabaseError)


def make_engine(url: URL) -> Engine:
    """An engine for the parsed URL; no connection is made yet."""
    if url.drivername == "sqlite":
        make_folder(url)
        return watched(_sqlite(url))
    return watched(_postgresql(url))


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        # Without batches, 10,000 deletes are 10,000 round trips.
        executemany_mode="values_plus_batch",
        connect_args={"connect_timeout": 10, "application_name": "obs-dagster"},
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # sqlite3's own transaction control begins late and commits DDL by itself; see _begin.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that begins as a reader and then writes fails at once if another wrote meanwhile.
        begin = connection.get_execution_options().get("obs_begin", "BEGIN DEFERRED")
        if begin is not None:
            connection.exec_driver_sql(begin)

    return engine


@contextmanager
def faults(engine: Engine) -> Iterator[None]:
    """Turn a database that is down, locked, full or damaged into a HistoryError that names the place."""
    try:
        yield
    except _FAULTS as error:
        # Broken constraints and bad SQL, subclasses of DatabaseError, are faults of the program.
        if type(error) not in _FAULTS:
            raise
        if fault := storage_fault(error, f"The history store ({printable(engine.url)})"):
            raise HistoryError(fault.message, remedy=fault.remedy) from error
        reason = str(error.orig).strip().splitlines()[0] if error.orig is not None else "unknown"
        raise HistoryError(
            f"The history store ({printable(engine.url)}) cannot be used: {reason.rstrip('.')}.",
            remedy="Check that it is running, reachable and has room, and OBS_DATABASE_URL; then run again.",
        ) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the store from its first statement on."""
    with queried("history read", engine), faults(engine), engine.connect() as connection:
        snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        yield connection.execution_options(**snapshot)


@contextmanager
def writing(engine: Engine, lock: str) -> Iterator[Connection]:
    """A transaction that commits whole or not at all; writers with the same lock follow one another.

    Args:
        engine: where to.
        lock: what is locked, such as a model's name. SQLite locks the whole file.
    """
    with queried("history write", engine), faults(engine), engine.connect() as raw:
        connection = raw.execution_options(obs_begin="BEGIN IMMEDIATE")
        with connection.begin():
            if engine.dialect.name == "postgresql":
                key = func.hashtextextended(f"obs-dagster {lock}", 0)
                connection.execute(select(func.pg_advisory_xact_lock(key)))
            yield connection
