"""The history store as files, in one state of it, and back.

SQLite is copied by its own backup, PostgreSQL table by table in one transaction that sees one state
(REPEATABLE READ), in its own CSV, which keeps every digit; neither needs a program of the database.
"""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, inspect, text

from obs_dagster.backup.archive import BackupError
from obs_dagster.errors import HistoryError
from obs_dagster.history.connections import faults, make_engine, reading, writing
from obs_dagster.history.migrate import known_revisions, revision_of, upgrade
from obs_dagster.history.place import parse_url, printable

_FILE = "history.db"
_ENDING = ".csv.gz"
_VERSIONS = "alembic_version"


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(parse_url(url))
    try:
        yield engine
    finally:
        engine.dispose()


def dump(url: str, folder: Path) -> tuple[str, str]:
    """Write a store into a folder; returns its database and its revision.

    Raises:
        HistoryError: it cannot be reached.
        BackupError: there is none yet.
    """
    folder.mkdir(parents=True)
    with _engine(url) as engine:
        kind = engine.dialect.name
        if kind == "sqlite":
            database = Path(str(engine.url.database))
            if not database.exists():
                raise BackupError(
                    f"There is no history store at {database}.", remedy="Run a night first, or see OBS_HOME."
                )
            _dump_sqlite(database, folder / _FILE)
            with _engine(f"sqlite:///{folder / _FILE}") as copy, reading(copy) as connection:
                return kind, revision_of(connection) or ""
        with faults(engine), reading(engine) as connection:
            return kind, _dump_postgresql(connection, folder)


def load(folder: Path, database: str, revision: str, url: str) -> None:
    """Make a store of what `dump` wrote, and bring it up to this program's revision.

    Raises:
        HistoryError: the store cannot be reached, or a newer program wrote it.
        BackupError: there is a store already, or the backup is of another database.
    """
    require_known(revision)
    with _engine(url) as engine:
        if engine.dialect.name != database:
            raise BackupError(
                f"The backup is of {database}, and OBS_DATABASE_URL names {engine.dialect.name}.",
                remedy=f"Restore it into {database}.",
            )
        if there(url):
            raise BackupError(
                f"There is a history store already ({printable(engine.url)}).",
                remedy="Name an empty database, or for SQLite give --force, which puts the old one aside.",
            )
        if database == "sqlite":
            target = Path(str(engine.url.database))
            with closing(sqlite3.connect(folder / _FILE)) as source, closing(sqlite3.connect(target)) as copy:
                source.backup(copy)
            return
        with writing(engine, "schema") as connection:
            upgrade(connection, revision)
            _load_postgresql(connection, folder)


def there(url: str) -> bool:
    """Whether there is a store at a URL."""
    with _engine(url) as engine:
        if engine.dialect.name == "sqlite":
            return Path(str(engine.url.database)).exists()
        with reading(engine) as connection:
            return revision_of(connection) is not None


def require_known(revision: str) -> None:
    """Refuse what a newer program wrote.

    Raises:
        HistoryError: the revision is none that this program knows.
    """
    known = known_revisions()
    if revision not in known:
        raise HistoryError(
            f"The history store of the backup is at revision {revision!r}, which this version of obs-dagster "
            f"does not know; it knows up to {max(known)!r}. A store is never taken back to an earlier form.",
            remedy="Restore it with the version that made it, or a later one.",
        )


def _dump_sqlite(database: Path, target: Path) -> None:
    """A copy in one state, while others write."""
    try:
        with (
            # not read-only: what a process that was killed in a transaction has left is rolled back first
            closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            # one file, which nobody has open
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise HistoryError(
            f"The history store ({database}) cannot be copied: {error}.",
            remedy="Check that it can be read and that there is room, then make the backup again.",
        ) from error


def _dump_postgresql(connection: Connection, folder: Path) -> str:
    revision = revision_of(connection)
    if revision is None:
        raise BackupError("There is no history store in the database.", remedy="Run a night first.")
    cursor = _cursor(connection)
    for name in inspect(connection).get_table_names():
        if name == _VERSIONS:
            continue
        with gzip.open(folder / f"{name}{_ENDING}", "wt", encoding="utf-8", newline="") as file:
            cursor.copy_expert(f"COPY {_quoted(name)} TO STDOUT (FORMAT csv, HEADER)", file)
    return revision


def _load_postgresql(connection: Connection, folder: Path) -> None:
    """Fill the tables of the revision, which are empty, in the order of their references."""
    found = MetaData()
    found.reflect(connection)
    cursor = _cursor(connection)
    for table in found.sorted_tables:
        path = folder / f"{table.name}{_ENDING}"
        if table.name == _VERSIONS or not path.exists():
            continue
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            columns = ", ".join(map(_quoted, next(csv.reader([file.readline()]))))
            cursor.copy_expert(f"COPY {_quoted(table.name)} ({columns}) FROM STDIN (FORMAT csv)", file)
        if (
            "id" in table.columns
            and connection.execute(
                text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": _quoted(table.name)}
            ).scalar()
        ):
            last = f"(SELECT coalesce(max(id), 0) + 1 FROM {_quoted(table.name)})"
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence(:table, 'id'), {last}, false)"),
                {"table": _quoted(table.name)},
            )


def _cursor(connection: Connection) -> Any:
    # what the driver has beyond SQLAlchemy, in the same transaction
    return connection.connection.cursor()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
