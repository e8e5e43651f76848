"""The lake's rows on DuckDB, inside the process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

import narwhals as nw

from obs_dagster.engine.protocol import Engine
from obs_dagster.lake.columns import AGE, DAY, FILE, LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal, literals
from obs_dagster.monitor.model import Monitor
from obs_dagster.quality.validated import clean_rows
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.label_values import label_type
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.sources.log_rows import check_in_place, day_of
from obs_dagster.sources.personal import Personal, counted


class DuckDBEngine(Engine):
    """Read rows with DuckDB, inside the process; also written `engine: duckdb`."""

    reads_in_place: ClassVar[bool] = True

    kind: Literal["duckdb"] = "duckdb"

    @contextmanager
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones."""
        with connect() as connection:
            rows = clean_rows(connection, monitor, days, lake)
            yield nw.from_native(counted(rows, Personal.of(monitor)))
        check_in_place(monitor, days, lake)

    @contextmanager
    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The clean rows of days with their labels."""
        with connect() as connection:
            rows = clean_rows(connection, monitor, days, lake)
            truth = lake.table(monitor.model, GROUND_TRUTH)
            known = [str(truth.path(day)) for day in days if truth.exists(day)]
            key = identifier(monitor.logs.columns.prediction_id)
            if not known:
                age = f", CAST(NULL AS BIGINT) AS {AGE}" if aged else ""
                joined = f"SELECT *, CAST(NULL AS {label_type(monitor)}) AS {LABEL}{age} FROM log"
            else:
                age = f", {_age(monitor)} AS {AGE}" if aged else ""
                read = "prediction_id, label, known_at" if aged else "prediction_id, label"
                # the day of each label would be a sixth of what the join holds in memory
                same_day = f" AND truth.{DAY} = log.{DAY}" if len(days) > 1 else ""
                joined = (
                    f"SELECT log.*, truth.label AS {LABEL}{age} FROM log LEFT JOIN ("
                    f"SELECT {read}, {day_of(FILE)} AS {DAY} FROM "
                    f"read_parquet({literals(known)}, filename = '{FILE}', hive_partitioning = false)"
                    f") AS truth ON truth.prediction_id = log.{key}{same_day}"
                )
            yield nw.from_native(counted(derived(rows, "log", joined), Personal.of(monitor)))
        check_in_place(monitor, days, lake)


def _age(monitor: Monitor) -> str:
    """SQL for on which day after its own a row's label became known."""
    known_on = f"CAST(timezone({literal(monitor.time_zone)}, truth.known_at) AS DATE)"
    return f"date_diff('day', CAST(log.{DAY} AS DATE), {known_on})"


ENGINE = DuckDBEngine
