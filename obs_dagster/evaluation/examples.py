"""Requests of a day that an alert leads to: those that failed, the slowest, the quarantined, the most wrong.

They are looked up where somebody reads of them, in a log that has trace ids; labels that come later count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.metrics.definition import Definition
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.cells import values_of
from obs_dagster.profile.distribution import OTHER
from obs_dagster.quality.day_rows import RULES
from obs_dagster.quality.validated import QUARANTINE, day_quality
from obs_dagster.sources.files import connect
from obs_dagster.sources.label_values import label_type
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.sources.log_rows import log_rows
from obs_dagster.sources.personal import Personal
from obs_dagster.tasks.protocol import task_of
from obs_dagster.tasks.worst import BESIDE, wrong_of

if TYPE_CHECKING:
    import duckdb

FAILED, SLOW, QUARANTINED, WRONG = "failed", "slowest", "quarantined", "most wrong"


@dataclass(frozen=True, slots=True)
class Example:
    """A request that shows what is meant.

    Attributes:
        kind: of what it is an example.
        version: the version that answered.
        prediction_id: its prediction.
        trace_id: its trace.
        told: what was wrong with it, in a few words.
    """

    kind: str
    version: str
    prediction_id: str
    trace_id: str
    told: str


def kind_shown_by(metric: Definition) -> str:
    """The kind of requests that show what a metric measures; empty if single requests don't."""
    if "logs.columns.status" in metric.needs:
        return FAILED
    if "logs.columns.latency_ms" in metric.needs:
        return SLOW
    if metric.family == "quality":
        return QUARANTINED
    return WRONG if metric.family == "performance" else ""


@reads_rows
def examples_of(
    monitor: Monitor, day: dt.date, lake: Lake, *, most: int = 3, segment: str = WHOLE, kind: str = ""
) -> list[Example]:
    """The worst requests of a day that have a trace, of each version and kind at most so many.

    Empty if the log has no trace ids, or the day's rows cannot be read any more.

    Args:
        monitor: the monitor.
        day: the day.
        lake: holds its rows and labels.
        most: how many of a version and kind.
        segment: the cell that they are in.
        kind: of what they are examples; left out: of everything.
    """
    import duckdb

    if monitor.logs.columns.trace_id in {None, *monitor.personal}:
        return []
    try:
        with connect() as connection:
            looking = _Looking(connection, monitor, day, lake, most=most, within=in_cell(segment))
            return [each for look in looking.ways(kind) for each in look()]
    except (ObsError, duckdb.Error):
        # what is shown beside them says so where it matters
        return []


def in_cell(segment: str) -> str:
    """SQL for whether a row is in a cell; that it is in one of rare values cannot be told."""
    values = values_of(segment)
    if OTHER in values.values():
        return "false"
    parts = (
        f"CAST({identifier(column)} AS VARCHAR) IS NOT DISTINCT FROM "
        f"{'NULL' if value is None else literal(value)}"
        for column, value in values.items()
    )
    return " AND ".join(parts) or "true"


class _Looking:
    """Looks for examples in the rows of a day."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        monitor: Monitor,
        day: dt.date,
        lake: Lake,
        *,
        most: int,
        within: str,
    ) -> None:
        self._connection, self._monitor, self._day, self._lake = connection, monitor, day, lake
        self._most, self._within = most, within
        self._roles = monitor.logs.columns
        self._quality = day_quality(monitor, day, lake)
        self._absent = set(self._quality.missing_columns) if self._quality else set()

    def ways(self, kind: str = "") -> list[Callable[[], Iterator[Example]]]:
        """What looks for examples of a kind, or of each."""
        if self._roles.trace_id in self._absent:
            return []
        known = {FAILED: self._failed, SLOW: self._slow, QUARANTINED: self._quarantined, WRONG: self._wrong}
        return [look for name, look in known.items() if kind in {name, ""}]

    @cached_property
    def _rows(self) -> str:
        rows = log_rows(self._connection, self._monitor, [self._day], self._lake)
        personal = Personal.of(self._monitor)
        # cells of a personal column are named by pseudonyms
        return personal.counted(rows, self._connection.sql(rows).columns) if personal.columns else rows

    def _failed(self) -> Iterator[Example]:
        if status := self._column(self._roles.status):
            known = literals(self._monitor.logs.ok_statuses)
            failed = f"NOT coalesce(list_contains({known}, CAST({status} AS VARCHAR)), false)"
            told = f"coalesce(CAST({status} AS VARCHAR), 'no status')"
            yield from self._of(FAILED, self._rows, failed, told, order=self._id)

    def _slow(self) -> Iterator[Example]:
        if latency := self._column(self._roles.latency_ms):
            told = f"format('{{:,.0f}} ms', CAST({latency} AS DOUBLE))"
            yield from self._of(SLOW, self._rows, f"isfinite({latency})", told, order=f"{latency} DESC")

    def _column(self, name: str | None) -> str:
        return identifier(name) if name and name not in self._absent else ""

    @property
    def _id(self) -> str:
        """An order that has nothing to do with when requests came."""
        return f"hash({identifier(self._roles.prediction_id)})"

    def _quarantined(self) -> Iterator[Example]:
        table = self._lake.table(self._monitor.model, QUARANTINE)
        if self._quality is not None and not self._quality.purged:
            file = literals([str(table.path(self._day))])
            rows = f"SELECT * FROM read_parquet({file}, hive_partitioning = false)"
            yield from self._of(QUARANTINED, rows, "true", f"array_to_string({RULES}, ', ')", order=self._id)

    def _wrong(self) -> Iterator[Example]:
        truth = self._lake.table(self._monitor.model, GROUND_TRUTH)
        wrong = wrong_of(task_of(self._monitor), self._monitor)
        if wrong is None or not truth.exists(self._day) or not self._absent.isdisjoint(wrong.needs):
            return
        key, file = identifier(self._roles.prediction_id), literals([str(truth.path(self._day))])
        rows = self._rows
        if wrong.beside:
            rows = f"SELECT *, {wrong.beside} AS {BESIDE} FROM ({rows})"
        labelled = (
            f"SELECT log.*, CAST(truth.label AS {label_type(self._monitor)}) AS {LABEL} FROM ({rows}) AS log "
            f"JOIN read_parquet({file}, hive_partitioning = false) AS truth "
            f"ON truth.prediction_id = log.{key}"
        )
        off = f"({wrong.off})"
        condition = f"isfinite({off}) AND {off} > 0"
        yield from self._of(WRONG, labelled, condition, wrong.told, order=f"{off} DESC")

    def _of(self, kind: str, rows: str, condition: str, told: str, *, order: str) -> Iterator[Example]:
        """The first rows of each version in an order that meet a condition and have a trace."""
        version, key, trace = (
            identifier(name)
            for name in (self._roles.version, self._roles.prediction_id, self._roles.trace_id or "")
        )
        found: Sequence[tuple[Any, ...]] = self._connection.execute(
            f"SELECT CAST({version} AS VARCHAR), CAST({key} AS VARCHAR), CAST({trace} AS VARCHAR), {told} "
            f"FROM ({rows}) WHERE {version} IS NOT NULL AND {key} IS NOT NULL AND {trace} IS NOT NULL "
            f"AND {trace} <> '' AND ({condition}) AND ({self._within}) "
            f"QUALIFY row_number() OVER (PARTITION BY {version} ORDER BY {order}, {key}) <= {self._most} "
            f"ORDER BY {version}, {order}, {key}"
        ).fetchall()
        # what is in quarantine is as it may be shown
        shown = str if kind == QUARANTINED else Personal.of(self._monitor).shown_id
        yield from (Example(kind, row[0], shown(row[1]), *row[2:]) for row in found)
