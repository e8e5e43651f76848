"""The contract on Great Expectations' Spark engine: a day's rows as a whole, on every executor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import totals
from obs_dagster.quality.contract import occurrences, total
from obs_dagster.quality.expectations import Judge, Outcome, about_rows
from obs_dagster.spark.location import ingested

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
    from great_expectations.expectations.expectation import Expectation as GxExpectation
    from pyspark.sql import DataFrame, SparkSession


def rows_of(session: SparkSession, monitor: Monitor, day: dt.date, lake: Lake) -> DataFrame:
    """A day's ingested rows as pandas would have them: NaN is a missing value.

    Unique columns have the number of times that their value occurs in `occurrences(name)` beside them, and
    outputs that add up to something their sum in `total(place)`.

    Raises:
        LakeError: the rows are read in place.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    rows = session.read.parquet(ingested(monitor, day, lake))
    for name in (name for name, feature in monitor.features.items() if feature.unique):
        same = Window.partitionBy(rows[quoted(name)])
        rows = rows.withColumn(occurrences(name), f.count(rows[quoted(name)]).over(same))
    for place, each in enumerate(totals(monitor)):
        if set(each.columns) <= set(rows.columns):
            rows = rows.withColumn(
                total(place), sum((rows[quoted(name)] for name in each.columns), f.lit(0.0))
            )
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

    def judge(expectations: Sequence[GxExpectation]) -> Iterator[Outcome]:
        from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine

        engine = SparkDFExecutionEngine(spark=rows.sparkSession, persist=False)
        held = rows.persist()
        try:
            engine.load_batch_data("day", held)
            count = held.count()
            failing = []
            for counted in _outcomes(engine, expectations, {"result_format": "BOOLEAN_ONLY"}):
                expectation = counted.expectation
                if counted.success and not _tolerates(expectation):
                    yield replace(
                        counted, details={"element_count": count} if about_rows(expectation) else {}
                    )
                else:
                    failing.append(expectation)
            if failing:
                yield from _outcomes(engine, failing, _WITH_ROWS)
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


def _outcomes(
    engine: SparkDFExecutionEngine, expectations: Sequence[GxExpectation], result_format: Mapping[str, Any]
) -> list[Outcome]:
    """What Great Expectations' validator says of the rows in an engine."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from great_expectations.validator.validator import Validator

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    validator = Validator(execution_engine=engine, data_context=context)
    by_id = {each.id: each for each in expectations}
    found = validator.graph_validate(
        [each.configuration for each in expectations],
        runtime_configuration={"result_format": result_format},
    )
    return [_outcome(by_id[getattr(each.expectation_config, "id", None)], each) for each in found]


def _outcome(expectation: GxExpectation, found: ExpectationValidationResult) -> Outcome:
    """The outcome with its rows by number, and times in UTC: Spark gives them in the process's zone."""
    details: dict[str, Any] = dict(found.result or {})
    if rows := details.get("unexpected_index_list"):
        details["unexpected_index_list"] = [row[ROW] for row in rows]
    if values := details.get("partial_unexpected_list"):
        details["partial_unexpected_list"] = [
            value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value for value in values
        ]
    return Outcome(expectation, bool(found.success), details, _error(found.exception_info or {}))


def _error(info: Mapping[str, Any]) -> str:
    """What was raised: by the expectation, or by one of its metrics, which are named then."""
    raised = [info] if "raised_exception" in info else [each for each in info.values() if each]
    return next((str(each["exception_message"]) for each in raised if each["raised_exception"]), "")
