"""The lake's rows on Spark."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from obs_dagster.engine.protocol import Engine
from obs_dagster.lake.columns import AGE, DAY, LABEL, ROW
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.leftovers import mark
from obs_dagster.monitor.checks.outline import features, mapped
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.engine import R, T, X
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Keys, Problem, quoted
from obs_dagster.pseudonym import DIGITS, PREFIX, VARIABLE, given_key, pseudonym_key
from obs_dagster.quality.validated import QUARANTINE, validated
from obs_dagster.sources.declared import declared_types, derived_columns
from obs_dagster.sources.label_values import label_type
from obs_dagster.sources.labels import GROUND_TRUTH
from obs_dagster.spark.keys import SparkKeys
from obs_dagster.spark.location import ingested, location
from obs_dagster.spark.session import spark_session
from obs_dagster.spark.task import Surroundings, in_task, run, run_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

_FLATTEN = "have the log written with a column of its own for it"
#: Spark's name for each SQL type that the lake has.
_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "double",
    "BIGINT": "long",
    "BOOLEAN": "boolean",
    "TIMESTAMPTZ": "timestamp",
}


class SparkEngine(SparkKeys, Engine):
    """Read rows with Spark; also written `engine: spark`. Needs the extra `spark` and Java.

    The process's session stays for the next block.
    """

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

    @classmethod
    def problems(cls, document: Document) -> Iterator[Problem]:
        """With `engine: spark`, column names have no dot and no backquote, which Spark takes for syntax."""
        for name in features(document) or ():
            remedy = f"give the feature another name, and write `column: {name}`"
            yield from _readable(document, ("features", name), name, remedy, at_key=True)
        for keys, name in mapped(document, "logs"):
            yield from _readable(document, keys, name, _FLATTEN)
        for keys, name in mapped(document, "labels"):
            # the labels' own columns are read before Spark
            if keys[:3] == ("labels", "columns", "keys"):
                yield from _readable(document, keys, name, _FLATTEN)
        scores = document.text("logs", "columns", "scores")
        for place, name in enumerate(document.items("multiclass", "classes") if scores else ()):
            remedy = f"give its scores a column in a mapping of `scores`, for {scores} has them all"
            yield from _readable(document, ("multiclass", "classes", place), str(name), remedy)

    @contextmanager
    def clean_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The rows of days without the quarantined ones."""
        session = spark_session(self)
        yield nw.from_native(_counted(_clean_rows(session, monitor, days, lake), monitor))

    @contextmanager
    def labelled_rows(
        self, monitor: Monitor, days: Sequence[dt.date], lake: Lake, *, aged: bool = False
    ) -> Iterator[nw.LazyFrame[Any]]:
        """The clean rows of days with their labels."""
        from pyspark.sql import functions

        session = spark_session(self)
        rows = _clean_rows(session, monitor, days, lake)
        truth = lake.table(monitor.model, GROUND_TRUTH)
        known = [location(truth.path(day)) for day in days if truth.exists(day)]
        if not known:
            nothing = functions.lit(None).cast(_TYPES[label_type(monitor)])
            rows = rows.withColumn(LABEL, nothing)
            rows = rows.withColumn(AGE, functions.lit(None).cast("long")) if aged else rows
            yield nw.from_native(_counted(rows, monitor))
            return
        key = monitor.logs.columns.prediction_id
        labels = _with_day(session.read.parquet(*known))
        known_on = functions.to_date(functions.from_utc_timestamp(labels["known_at"], monitor.time_zone))
        age = functions.datediff(known_on, functions.to_date(labels[DAY])).cast("long").alias(AGE)
        named = [labels["prediction_id"].alias(key), labels["label"].alias(LABEL), labels[DAY]]
        labels = labels.select(*named, *([age] if aged else []))
        yield nw.from_native(_counted(rows.join(labels, on=[key, DAY], how="left"), monitor))


def _surroundings(session: SparkSession, *, parts: int, personal: bool) -> Surroundings:
    """What tasks need of this process, when so many of them are at work."""
    local = re.match(r"local\[(\d+)", session.conf.get("spark.master", "") or "")
    known = local[1] if local else session.conf.get("spark.executor.cores", "0") or "0"
    environment = {VARIABLE: given_key()} if personal else {}
    return Surroundings(mark(), int(known) if parts == 1 else 1, environment)


def _readable(
    document: Document, keys: Keys, name: str, remedy: str, *, at_key: bool = False
) -> Iterator[Problem]:
    """Spark can read a column of the name."""
    if re.search(r"[.`]", name):
        why = "whose point or backquote it takes for syntax"
        message = f"Spark cannot read a column named {quoted(name)}, {why}; {remedy}."
        yield document.problem(keys, message, at_key=at_key)


def _clean_rows(session: SparkSession, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> DataFrame:
    found = validated(monitor, days, lake)
    absent = {name for quality in found.values() for name in quality.missing_columns}
    types = declared_types(monitor) | {ROW: "BIGINT"}
    types |= {name: made.type for name, made in derived_columns(monitor).items()}
    types = {name: kind for name, kind in types.items() if name not in absent}
    rows = _read(session, [ingested(monitor, day, lake) for day in days], types)
    broken = [day for day, quality in found.items() if quality.quarantined]
    if broken:
        table = lake.table(monitor.model, QUARANTINE)
        quarantined = _read(session, [location(table.path(day)) for day in broken], {ROW: "BIGINT"})
        rows = rows.join(quarantined, on=[DAY, ROW], how="left_anti")
    return rows


def _counted(rows: DataFrame, monitor: Monitor) -> DataFrame:
    """Rows with what stands in the place of personal values, the same as DuckDB's (`Personal.counted`)."""
    from pyspark.sql import functions as f

    types = declared_types(monitor)
    for name in sorted(monitor.personal.intersection(types, rows.columns)):
        value = f.col(name)
        if types[name] in ("BIGINT", "DOUBLE"):
            number = value.cast("double")
            step = f.pow(f.lit(10.0), f.floor(f.log10(f.abs(number))) - 1)
            two = (f.round(number / step) * step).cast(_TYPES[types[name]])
            plain = (number == 0) | f.isnan(number) | (f.abs(number) == float("inf"))
            rows = rows.withColumn(name, f.when(plain, value).otherwise(two))
        elif types[name] == "VARCHAR" and name != monitor.logs.columns.prediction_id:
            hashed = f.sha2(f.concat(f.lit(pseudonym_key()), value), 256)
            rows = rows.withColumn(name, f.concat(f.lit(PREFIX), f.substring(hashed, 1, DIGITS)))
    return rows


def _read(session: SparkSession, partitions: Sequence[str], types: Mapping[str, str]) -> DataFrame:
    """Columns of partitions, with the day that each row is from."""
    # with its types given, Spark need not open every file to find them
    return _with_day(session.read.schema(_schema(types)).parquet(*partitions))


def _with_day(rows: DataFrame) -> DataFrame:
    """Rows of partitions with the day that each is from."""
    from pyspark.sql import functions

    day_of = functions.regexp_extract(functions.col("_metadata.file_path"), r"day=([0-9-]{10})/[^/]*$", 1)
    return rows.withColumn(DAY, day_of)


def _schema(types: Mapping[str, str]) -> StructType:
    from pyspark.sql.types import StructType

    schema = StructType()
    for name, kind in types.items():
        schema.add(name, _TYPES[kind])
    return schema


ENGINE = SparkEngine
