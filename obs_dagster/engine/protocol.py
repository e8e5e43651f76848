"""What an engine does, and which one a monitor has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import narwhals as nw

from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.engine import SparkEngine
from obs_dagster.monitor.model import Monitor


class Engine(Protocol):
    """Reads rows of the lake lazily; the reduction that runs on them is the same for all engines."""

    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones, with their day in the text column `_obs_day`.

        Declared columns that the source of one of the days lacks are left out. The rows can be read until
        the block ends.

        Raises:
            LakeError: a day has not been validated.
        """

    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The rows of `clean_rows` with their label in the boolean column `_obs_label`, null if unknown.

        Raises:
            LakeError: a day has not been validated.
        """


def engine_of(monitor: Monitor) -> Engine:
    """The engine that the monitor names."""
    if isinstance(monitor.engine, SparkEngine):
        from obs_dagster.engine.spark import SparkRows

        return SparkRows(monitor.engine)
    from obs_dagster.engine.duckdb import DuckDBRows

    return DuckDBRows()
