"""Rows on Spark: its executors read them, as DuckDB does in one process."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals as nw

from obs_dagster.engine.duckdb import DuckDBEngine
from obs_dagster.engine.protocol import Engine
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.leftovers import mark
from obs_dagster.monitor.engine import R, T, X
from obs_dagster.monitor.model import Monitor
from obs_dagster.pseudonym import VARIABLE, given_key
from obs_dagster.sources.tables.pins import Pins
from obs_dagster.spark.keys import SparkKeys
from obs_dagster.spark.session import spark_session
from obs_dagster.spark.task import Surroundings, in_task, run, run_parts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkEngine(SparkKeys, Engine):
    """Read rows on Spark's executors; also written `engine: spark`. Needs the extra `spark` and Java.

    No row comes through the process of the night, but for samples of some thousand. The process's session
    stays for what comes next.
    """

    reads_in_place: ClassVar[bool] = True

    kind: Literal["spark"] = "spark"

    @property
    def reads_here(self) -> bool:
        """Only executors do."""
        return in_task()

    def elsewhere(self, work: Callable[[], R], *, personal: bool = False) -> R:
        """Do work as a task."""
        session = spark_session(self)
        return run(session, work, _surroundings(session, parts=1, personal=personal))

    def in_parts(
        self,
        each: Callable[[T], X],
        parts: Sequence[T],
        whole: Callable[[list[X]], R],
        *,
        personal: bool = False,
    ) -> R:
        """Do work on parts as tasks, and with all that was found as one more."""
        session = spark_session(self)
        surroundings = _surroundings(session, parts=len(parts), personal=personal)
        return run_parts(session, each, parts, whole, surroundings)

    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones, in a task."""
        return DuckDBEngine().clean_rows(monitor, days, lake)

    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> AbstractContextManager[nw.LazyFrame[Any]]:
        """The clean rows of days with their labels, in a task."""
        return DuckDBEngine().labelled_rows(monitor, days, lake, aged=aged)


def _surroundings(session: SparkSession, *, parts: int, personal: bool) -> Surroundings:
    """What tasks need of this process, when so many of them are at work."""
    local = re.match(r"local\[(\d+)", session.conf.get("spark.master", "") or "")
    known = local[1] if local else session.conf.get("spark.executor.cores", "0") or "0"
    environment = {VARIABLE: given_key()} if personal else {}
    return Surroundings(mark(), int(known) if parts == 1 else 1, environment, Pins.now())


ENGINE = SparkEngine
