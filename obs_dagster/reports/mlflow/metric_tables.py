"""Many points of a run at once, written into the tables of MLflow's own database.

Through its store MLflow makes two objects of its ORM for every point, a third of a millisecond; a year of
nights has a million points. What is written here is what `log_batch` writes, and only where the database and
its tables are those that this was written for; anything else goes through MLflow's interface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from obs_dagster.reports.mlflow.entities import Point

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

MILLISECONDS_A_DAY = 86_400_000

_COLUMNS = {"run_uuid", "key", "value", "timestamp", "step", "is_nan"}
_IDENTITY = {
    "metrics": {"run_uuid", "key", "timestamp", "step", "value", "is_nan"},
    "latest_metrics": {"run_uuid", "key"},
}


class MetricTables:
    """The tables of an MLflow database that hold points."""

    def __init__(self, engine: Engine, points: Table, latest: Table, runs: Table) -> None:
        self._engine = engine
        self._points = points
        self._latest = latest
        self._runs = runs

    @classmethod
    def find(cls, uri: str) -> MetricTables | None:
        """The tables behind a tracking URI; None if it is a server's, or they are not as they are known."""
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from mlflow.tracking._tracking_service.utils import _get_store
        from sqlalchemy import MetaData

        store = _get_store(uri)  # type: ignore[no-untyped-call]
        if not isinstance(store, SqlAlchemyStore) or store.engine.dialect.name not in _INSERTS:
            return None
        described = MetaData()
        described.reflect(store.engine, only=lambda name, _: name in {*_IDENTITY, "runs"}, resolve_fks=False)
        tables = described.tables
        for name, identity in _IDENTITY.items():
            if name not in tables or set(tables[name].columns.keys()) != _COLUMNS:
                return None
            if set(tables[name].primary_key.columns.keys()) != identity:
                return None
        if not {"run_uuid", "lifecycle_stage"} <= set(tables["runs"].columns.keys()):
            return None
        return cls(store.engine, tables["metrics"], tables["latest_metrics"], tables["runs"])

    def write(self, points: Mapping[str, Sequence[Point]]) -> set[str]:
        """Adds finite points to runs, in one transaction; returns the runs that are not there, or not active.

        A point that a run has already stays one; the latest value of a metric is that of its largest step.
        """
        from sqlalchemy import select

        with self._engine.begin() as connection:
            active = select(self._runs.c.run_uuid).where(
                self._runs.c.run_uuid.in_(points), self._runs.c.lifecycle_stage == "active"
            )
            there = set(connection.execute(active).scalars())
            written = {run: [_row(run, point) for point in points[run]] for run in there if points[run]}
            rows = [row for each in written.values() for row in each]
            if not rows:
                return points.keys() - there
            # in the order of the key: what lies together is written together
            rows.sort(key=itemgetter("key", "timestamp"))
            insert = _INSERTS[self._engine.dialect.name]()
            connection.execute(insert(self._points).on_conflict_do_nothing(), rows)
            later = [row for run, each in written.items() for row in self._later(connection, run, each)]
            if later:
                later.sort(key=itemgetter("key"))
                added = insert(self._latest)
                replaced = {name: added.excluded[name] for name in ("value", "timestamp", "step", "is_nan")}
                connection.execute(
                    added.on_conflict_do_update(index_elements=["key", "run_uuid"], set_=replaced), later
                )
        return points.keys() - there

    def _later(self, connection: Connection, run: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of each metric the row that is its latest value from now on, where that changes."""
        from sqlalchemy import select

        columns = self._latest.c
        held = connection.execute(
            select(columns.key, columns.step, columns.timestamp, columns.value).where(columns.run_uuid == run)
        )
        order = {key: tuple(rest) for key, *rest in held}
        latest: dict[str, dict[str, Any]] = {}
        for row in rows:
            place = (row["step"], row["timestamp"], row["value"])
            if row["key"] not in order or place > order[row["key"]]:
                order[row["key"]] = place
                latest[row["key"]] = row
        return list(latest.values())


def _row(run: str, point: Point) -> dict[str, Any]:
    return {
        "run_uuid": run,
        "key": point.name,
        "value": point.value,
        "timestamp": point.step * MILLISECONDS_A_DAY,
        "step": point.step,
        "is_nan": False,
    }


def _sqlite_insert() -> Any:
    from sqlalchemy.dialects.sqlite import insert

    return insert


def _postgresql_insert() -> Any:
    from sqlalchemy.dialects.postgresql import insert

    return insert


_INSERTS = {"sqlite": _sqlite_insert, "postgresql": _postgresql_insert}
