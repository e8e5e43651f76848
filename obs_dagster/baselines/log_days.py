"""Days of the log as baselines read them: as the lake has them, or else by the rules of a night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import narwhals as nw

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.leftovers import mark
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.day import validate_day
from obs_dagster.quality.refusal import in_one_line
from obs_dagster.quality.validated import DayQuality, clean_rows, day_quality
from obs_dagster.quality.warehouse import clean_table
from obs_dagster.sources.declared import declared_types
from obs_dagster.sources.files import derived
from obs_dagster.sources.forgotten import forgotten
from obs_dagster.sources.formats.part import Part
from obs_dagster.sources.ingest import LOGS, ingest_logs
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.log_table import log_table
from obs_dagster.sources.personal import Personal, counted
from obs_dagster.sources.protocol import source_of
from obs_dagster.store import working_folder

if TYPE_CHECKING:
    import duckdb

#: What DuckDB calls a type that is declared by a shorter name.
_LONG_NAMES = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


class LogDays:
    """Days of a monitor's log, without duplicates and without the rows that break the contract.

    A day that the lake has, ingested and validated, is what the lake has. Any other is ingested and validated
    as a night would, into a lake of its own that lasts as long as the stack.

    Args:
        monitor: names the log and declares the contract.
        days: the days.
        lake: the lake of the nights, in which nothing changes.
        stack: closed when no rows are read any more.
    """

    def __init__(self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, stack: ExitStack) -> None:
        self.days = days
        self._monitor, self._lake, self._stack = monitor, lake, stack
        self._apart: Lake | None = None
        self._stamps: dict[dt.date, str] = {}

    def known(self, day: dt.date) -> DayQuality | None:
        """How a day of the lake met the contract; None if the lake does not have it as it was validated."""
        manifest = self._lake.table(self._monitor.model, LOGS).manifest(day)
        quality = day_quality(self._monitor, day, self._lake)
        if manifest is None or quality is None:
            return None
        return quality if quality.fingerprint.startswith(f"{manifest['fingerprint']}-") else None

    def stamp(self, day: dt.date) -> str:
        """Changes when rows come to the day at its source; empty if there are none.

        Of a day that has been ingested it is what it was before that: what came since has not been read.
        """
        return self._stamps.get(day) or source_of(self._monitor.logs).stamp(self._monitor, day)

    def found(self, day: dt.date) -> tuple[Lake, DayQuality]:
        """The lake that has the day's rows, and how they met the contract.

        Raises:
            SourceError: a file or the warehouse cannot be read.
        """
        if quality := self.known(day):
            return self._lake, quality
        if self._apart is None:
            folder = working_folder(self._lake.folder(self._monitor.model, ""))
            folder.mkdir(parents=True, exist_ok=True)
            name = self._stack.enter_context(TemporaryDirectory(prefix=f".baseline-{mark()}-", dir=folder))
            self._apart = Lake(Path(name))
        quality = day_quality(self._monitor, day, self._apart)
        if quality is None:
            self._stamps[day] = source_of(self._monitor.logs).stamp(self._monitor, day)
            gone = forgotten(self._monitor.model, self._lake)
            ingest_logs(self._monitor, day, self._apart, without=gone, known=self._lake)
            quality = validate_day(self._monitor, day, self._apart)
        return self._apart, quality

    def rows(
        self, connection: duckdb.DuckDBPyConnection, days: Sequence[dt.date], lake: Lake
    ) -> duckdb.DuckDBPyRelation:
        """The clean rows of days that a lake has, lazily, typed as the monitor declares now.

        Raises:
            SourceError: a file that is read in place is gone or was rewritten.
        """
        rows = clean_rows(connection, self._monitor, days, lake)
        found = dict(zip(rows.columns, map(str, rows.types), strict=True))
        declared = declared_types(self._monitor)
        if all(found.get(name, kind) in (kind, _LONG_NAMES.get(kind)) for name, kind in declared.items()):
            return rows
        # ingested when the monitor declared other columns, or other types
        # its decisions are true where they are positive, whatever the log calls that
        # its scores are probabilities, however the log writes them
        schema = replace(LogSchema.of(self._monitor), positive=(), negative=(), scale="probability")
        part = Part("ingested", found, f"source.{identifier(ROW)}", 0)
        return derived(rows, "ingested", schema.query(part, absent_as_null=False))

    def all_rows(self, connection: duckdb.DuckDBPyConnection) -> nw.LazyFrame[Any] | str:
        """The declared columns of the clean rows of all days, lazily; or why there are none."""
        alike: dict[tuple[Lake, tuple[str, ...]], list[dt.date]] = {}
        reason = "the log has no rows"
        for day in self.days:
            if self.known(day) or self.stamp(day):
                lake, quality = self.found(day)
                if not quality.evaluated:
                    reason = in_one_line(quality.reason)
                else:
                    alike.setdefault((lake, tuple(quality.missing_columns)), []).append(day)
        if not alike:
            return (
                f"on none of the days {self.days[0]} to {self.days[-1]} are there rows to evaluate; {reason}"
            )
        if self._monitor.engine.rows_stay:
            return self._in_warehouse(alike)
        queries = []
        # what describes texts, embeddings and images is declared with them
        declared = {*declared_types(self._monitor), *self._monitor.features}
        for place, ((lake, _), days) in enumerate(alike.items()):
            rows = counted(self.rows(connection, days, lake), Personal.of(self._monitor))
            connection.register(f"days_{place}", rows)
            columns = ", ".join(identifier(name) for name in rows.columns if name in declared)
            queries.append(f"SELECT {columns} FROM days_{place}")
        return nw.from_native(connection.sql(" UNION ALL BY NAME ".join(queries)))

    def _in_warehouse(self, alike: Mapping[tuple[Lake, tuple[str, ...]], list[dt.date]]) -> nw.LazyFrame[Any]:
        """The clean rows of days that lakes know, as a query that can be run as long as the stack lasts."""
        (log,) = self._stack.enter_context(log_table(self._monitor).opened())
        parts = [clean_table(log, self._monitor, days, lake) for (lake, _), days in alike.items()]
        # a column that one of the days lacks is fitted to those of none
        shared = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
        rows: nw.LazyFrame[Any] = nw.from_native(
            reduce(lambda one, other: one.union(other), (part.select(shared) for part in parts))
        )
        return rows
