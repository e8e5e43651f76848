"""MLflow's own database, made whole before anything uses it.

MLflow makes its tables in some sixty steps, which SQLite commits one by one. A kill in between leaves a
database that MLflow can neither use nor complete, and two programs that begin at once stand in each other's
way. So a SQLite file is made aside and renamed, and whoever makes one holds a lock. On PostgreSQL all steps
are one transaction; there only the lock is needed.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from obs_dagster.file_lock import alone
from obs_dagster.lake.lake import replacing
from obs_dagster.mlflow_reach.error import MlflowUnavailable
from obs_dagster.storage_fault import storage_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

State = Literal["absent", "whole", "half-made", "outdated"]
"""Of a SQLite file; one that is half-made holds nothing, one that is outdated does."""

_SQLITE = "sqlite:///"
_POSTGRES = "postgresql"
_REVISION = re.compile(r"^(down_)?revision\b[^=]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([0-9a-f]+)["']""")
_LOCK = 0x6F62732D6D6C666C
"""Key of the advisory lock, the letters of `obs-mlfl`."""

#: Tables with rows that somebody would miss. MLflow makes an experiment and a workspace by itself.
_CONTENT = ("runs", "registered_models", "logged_models", "trace_info", "datasets")


def make_ready(uri: str) -> None:
    """Make the tables of an MLflow database that has none; nothing else is changed, nor any server.

    Raises:
        MlflowUnavailable: it is outdated, damaged, or cannot be made.
        StorageError: its place cannot be written.
    """
    if uri.startswith(_SQLITE):
        _make_sqlite(uri)
    elif uri.startswith(_POSTGRES):
        _make_postgres(uri)


def require_whole(uri: str) -> None:
    """Fail where a SQLite database of MLflow cannot be used as it is.

    Raises:
        MlflowUnavailable: it is half-made, outdated or damaged.
    """
    path = sqlite_file(uri)
    if path is None:
        return
    if sqlite_state(path) == "half-made":
        raise MlflowUnavailable(
            f"MLflow's database {path} is half-made and holds nothing: whoever made it was killed.",
            remedy="The next run makes it anew; or remove the file.",
        )
    require_upgraded(path)


def require_upgraded(path: Path) -> None:
    """Fail where a SQLite database of MLflow holds something and is not of this version.

    Raises:
        MlflowUnavailable: it is outdated or damaged.
    """
    if sqlite_state(path) == "outdated":
        raise MlflowUnavailable(
            f"MLflow's database {path} is of another version of MLflow, or was killed while it was upgraded.",
            remedy=f"Back it up, run `mlflow db upgrade {_SQLITE}{path}`; if it fails, restore a backup.",
        )


def sqlite_file(uri: str) -> Path | None:
    """The file of an SQLite database; None for anything else."""
    name = uri.removeprefix(_SQLITE).partition("?")[0]
    return Path(name).absolute() if uri.startswith(_SQLITE) and name not in ("", ":memory:") else None


def sqlite_state(path: Path) -> State:
    """Whether MLflow can use a SQLite file; MLflow itself is not imported, which takes seconds.

    Raises:
        MlflowUnavailable: it is no database, or cannot be read.
    """
    if not path.exists():
        return "absent"
    try:
        # not read-only: what a process that was killed in a transaction has left is rolled back by who reads
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=10)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            revision: set[str] = set()
            if "alembic_version" in names:
                revision = {each for (each,) in connection.execute("SELECT version_num FROM alembic_version")}
            if revision == {_head()}:
                return "whole"
            tables = [name for name in _CONTENT if name in names]
            # the names are ours, and exist
            full = any(connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() for name in tables)
    except sqlite3.Error as error:
        if fault := storage_fault(error, path):
            raise fault from error
        raise MlflowUnavailable(
            f"MLflow's database {path} cannot be read: {error}.",
            remedy="Restore a backup, or remove the file to begin anew (docs/runbook.md says what is lost).",
        ) from error
    return "outdated" if full else "half-made"


@cache
def _head() -> str:
    """The newest revision of the tables, as the files of the installed MLflow have it."""
    found = find_spec("mlflow")
    places = [] if found is None else list(found.submodule_search_locations or [])
    steps: set[str] = set()
    before: set[str] = set()
    for place in places:
        for file in Path(place, "store", "db_migrations", "versions").glob("*.py"):
            for down, value in _REVISION.findall(file.read_text(encoding="utf-8")):
                (before if down else steps).update(_QUOTED.findall(value))
    heads = steps - before
    return heads.pop() if len(heads) == 1 else ""


def _make_sqlite(uri: str) -> None:
    path = sqlite_file(uri)
    if path is None or sqlite_state(path) == "whole":
        return
    try:
        lock = path.with_name(f".{path.name}.lock")
        with alone(lock):
            for left in path.parent.glob(f".{path.name}.*"):
                # of somebody who was killed in this block
                if left != lock:
                    left.unlink(missing_ok=True)
            require_upgraded(path)
            if sqlite_state(path) == "whole":
                return
            with replacing(path) as aside, _engine(f"{_SQLITE}{aside}") as engine:
                _make_tables(engine)
            # the log of a half-made one that was killed must not be taken for the new one's
            for name in ("-wal", "-shm", "-journal"):
                path.with_name(path.name + name).unlink(missing_ok=True)
    except Exception as error:
        if fault := storage_fault(error, path):
            raise fault from error
        raise


def _make_postgres(uri: str) -> None:
    from sqlalchemy import inspect, text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with _engine(uri) as engine:
            if inspect(engine).has_table("alembic_version"):
                return
            with engine.connect() as connection:
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
                if not inspect(engine).has_table("alembic_version"):
                    _make_tables(engine)
                # the lock ends with the connection
                connection.invalidate()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise MlflowUnavailable(
            f"MLflow's database cannot be used: {cause}.",
            remedy="Start it or correct MLFLOW_TRACKING_URI; nights that were not published catch up.",
        ) from error


@contextmanager
def _engine(uri: str) -> Iterator[Engine]:
    from sqlalchemy import create_engine

    arguments = {"connect_timeout": 10} if uri.startswith(_POSTGRES) else {}
    engine = create_engine(uri, connect_args=arguments)
    try:
        yield engine
    finally:
        engine.dispose()


def _make_tables(engine: Engine) -> None:
    from mlflow.store.db.utils import _initialize_tables

    for noisy in ("mlflow.store.db.utils", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    _initialize_tables(engine)  # type: ignore[no-untyped-call]
