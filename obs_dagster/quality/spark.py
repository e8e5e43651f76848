"""The contract on Great Expectations' Spark engine: a day's rows as a whole, on every executor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.engine.location import ingested
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import ROW
from obs_dagster.quality.contract import occurrences
from obs_dagster.quality.expectations import Judge, outcomes

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation as GxExpectation
    from pyspark.sql import DataFrame, SparkSession


def rows_of(session: SparkSession, monitor: Monitor, day: dt.date, lake: Lake) -> DataFrame:
    """A day's ingested rows as pandas would have them: NaN is a missing value.

    Unique columns have the number of times that their value occurs in `occurrences(name)` beside them.

    Raises:
        LakeError: the rows are read in place.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    rows = session.read.parquet(ingested(monitor, day, lake))
    for name in (name for name, feature in monitor.features.items() if feature.unique):
        same = Window.partitionBy(rows[quoted(name)])
        rows = rows.withColumn(occurrences(name), f.count(rows[quoted(name)]).over(same))
    numbers = [name for name, kind in rows.dtypes if kind in ("double", "float")]
    known = {name: f.when(~f.isnan(quoted(name)), f.col(quoted(name))) for name in numbers}
    return rows.withColumns(known)


def quoted(name: str) -> str:
    """A column's name where Spark would read a path into a structure.

    >>> quoted("wind.speed")
    '`wind.speed`'
    """
    return "`" + name.replace("`", "``") + "`"


def on_spark(rows: DataFrame) -> Judge:
    """Judge rows with Spark.

    A first pass counts, in one scan for all expectations together. Only what failed, or tolerates some
    failures, is asked again for values and row numbers, which takes a scan for each. Great Expectations names
    rows on Spark by the columns in `unexpected_index_column_names`; its own `unexpected_index_list` is empty
    without them.

    Args:
        rows: with the row number in `_obs_row`.
    """

    def judge(
        context: EphemeralDataContext, expectations: Sequence[GxExpectation]
    ) -> Iterator[ExpectationValidationResult]:
        from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine

        engine = SparkDFExecutionEngine(spark=rows.sparkSession, persist=False)
        held = rows.persist()
        try:
            engine.load_batch_data("day", held)
            count = held.count()
            counted = outcomes(context, engine, expectations, {"result_format": "BOOLEAN_ONLY"})
            by_id = {each.id: each for each in expectations}
            open_ids = set()
            for found in counted:
                identity = getattr(found.expectation_config, "id", None)
                if found.success and not _tolerates(by_id[identity]):
                    found.result = {"element_count": count} if _about_rows(by_id[identity]) else {}
                    yield found
                else:
                    open_ids.add(identity)
            failing = [each for each in expectations if each.id in open_ids]
            yield from map(_named, outcomes(context, engine, failing, _WITH_ROWS) if failing else [])
        finally:
            held.unpersist()

    return judge


_WITH_ROWS = {
    "result_format": "COMPLETE",
    "unexpected_index_column_names": [ROW],
    "return_unexpected_index_query": False,
}


def _tolerates(expectation: GxExpectation) -> bool:
    """Whether rows may break it and it succeeds, or it is not about all rows."""
    return getattr(expectation, "mostly", 1) != 1 or bool(getattr(expectation, "row_condition", None))


def _about_rows(expectation: GxExpectation) -> bool:
    from great_expectations.expectations import expectation as kinds

    return isinstance(
        expectation,
        kinds.ColumnMapExpectation | kinds.ColumnPairMapExpectation | kinds.MulticolumnMapExpectation,
    )


def _named(found: ExpectationValidationResult) -> ExpectationValidationResult:
    """The outcome with its rows by number, and times in UTC: Spark gives them in the process's zone."""
    details: dict[str, Any] = found.result or {}
    rows = details.get("unexpected_index_list")
    if rows:
        details["unexpected_index_list"] = [row[ROW] for row in rows]
    values = details.get("partial_unexpected_list")
    if values:
        details["partial_unexpected_list"] = [
            value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in values
        ]
    return found
