"""The lake's rows on DuckDB, inside the process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import narwhals as nw

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import LABEL
from obs_dagster.quality.day import clean_rows
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.sources.log_rows import check_in_place
from obs_dagster.sources.quoting import identifier, literal


class DuckDBRows:
    """Reads with a DuckDB session of its own per block."""

    @contextmanager
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones."""
        with connect() as connection:
            yield nw.from_native(clean_rows(connection, monitor, days, lake))
        check_in_place(monitor, days, lake)

    @contextmanager
    def labelled_rows(self, monitor: Monitor, day: dt.date, lake: Lake) -> Iterator[nw.LazyFrame[Any]]:
        """The clean rows of a day with their labels."""
        with connect() as connection:
            rows = clean_rows(connection, monitor, [day], lake)
            key = identifier(monitor.logs.columns.prediction_id)
            truth = lake.table(monitor.model, GROUND_TRUTH)
            if truth.exists(day):
                labels = f"read_parquet({literal(str(truth.path(day)))}, hive_partitioning = false)"
                joined = (
                    f"SELECT log.*, truth.label AS {LABEL} FROM log "
                    f"LEFT JOIN {labels} AS truth ON truth.prediction_id = log.{key}"
                )
            else:
                joined = f"SELECT *, CAST(NULL AS BOOLEAN) AS {LABEL} FROM log"
            yield nw.from_native(derived(rows, "log", joined))
        check_in_place(monitor, [day], lake)
