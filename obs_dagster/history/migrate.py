"""Bring the store's schema up to date; several processes may try at once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from obs_dagster.errors import HistoryError
from obs_dagster.history.connections import BUSY_SECONDS, faults, reading, writing
from obs_dagster.history.place import printable

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

HEAD = "0013"
"""The newest revision in `migrations/versions`. A store that is there is opened without importing Alembic."""

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(engine: Engine) -> None:
    """Create the tables, or upgrade them, in one transaction.

    Raises:
        HistoryError: the store cannot be reached, or a newer obs-dagster has upgraded it.
    """
    if engine.dialect.name == "sqlite":
        _use_wal(engine)
    with reading(engine) as connection:
        current = revision_of(connection)
    if current == HEAD:
        return
    with writing(engine, "schema") as connection:
        upgrade(connection)


def known_revisions() -> frozenset[str]:
    """The revisions that this program knows, with all that it can bring up to date."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def revision_of(connection: Connection) -> str | None:
    """The store's revision; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS / "versions"])


def upgrade(connection: Connection, revision: str = HEAD) -> None:
    """Bring the tables up to a revision, inside a transaction that nobody else has.

    Raises:
        HistoryError: a newer program has upgraded them, or they cannot be made.
    """
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    scripts = _scripts()
    context = MigrationContext.configure(connection)
    # Read again: another process may have upgraded it while this one waited for the lock.
    current = context.get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise HistoryError(
            f"The history store ({printable(connection.engine.url)}) is at revision {current!r}, "
            f"which this version of obs-dagster does not know; it knows {HEAD!r}.",
            remedy="Upgrade obs-dagster to the version that wrote it, or restore a backup of the store.",
        )
    steps = list(scripts.iterate_revisions(revision, current or "base"))
    try:
        with Operations.context(context):
            for step in reversed(steps):
                step.module.upgrade()
        if steps:
            context.stamp(scripts, revision)
    except ProgrammingError as error:
        raise HistoryError(
            f"The tables of the history store ({printable(connection.engine.url)}) cannot be made: "
            f"{str(error.orig).strip()}.",
            remedy="Give obs-dagster a database, or a PostgreSQL schema, of its own.",
        ) from error


def _use_wal(engine: Engine) -> None:
    """Let readers read beside a writer; the switch, once per file, doesn't wait for others by itself."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with faults(engine), engine.connect() as connection:
                # Inside a transaction the mode cannot change.
                bare = connection.execution_options(obs_begin=None)
                bare.exec_driver_sql("PRAGMA journal_mode = WAL")
        except HistoryError as error:
            if "locked" not in error.message or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
