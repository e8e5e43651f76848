"""Requests that two versions have scored, one in the shadow of the other: summed up out of the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.engine.protocol import engine_of
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.where import Period
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.tasks.outcomes import HasComparisons, adds
from obs_dagster.tasks.protocol import task_of
from obs_dagster.versus.day import Pairs

_PRODUCTS = tuple(combinations_with_replacement(range(4), 2))


def shadow_pairs(
    night: Night, first: str, second: str, period: Period, metrics: Sequence[str]
) -> Mapping[str, list[Pairs]]:
    """Of each metric and day, the labelled requests that both versions have scored; no day without any."""
    monitor, lake = night.monitor, night.lake
    days = night.outcomes.days_between(period.first, period.last)
    try:
        summed = _summed(monitor, days, lake, (first, second), metrics)
    except LakeError:
        # rows of days that are over are gone; what was counted of them is there
        return {}
    summed.sort(key=lambda row: str(row["day"]))
    return {
        metric: [pairs_in(row, place) for row in summed if row[f"n {place}"]]
        for place, metric in enumerate(metrics)
    }


@reads_rows
def every_pair(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, metrics: Sequence[str]
) -> list[dict[str, Any]]:
    """The sums of all requests of days that two versions have scored, whichever two.

    Args:
        monitor: the monitor.
        days: days that were validated.
        lake: holds them.
        metrics: of those that the task's versions are compared by.

    Returns:
        A row for each `day` and two versions, `one` before the `other` as texts; `pairs_in` reads it.

    Raises:
        LakeError: a day has not been validated, or its rows were removed since.
    """
    kind = task_of(monitor).outcomes
    if kind is None or not isinstance(kind, HasComparisons):
        return []
    with engine_of(monitor).clean_rows(monitor, days, lake) as rows:
        if not _several_versions(rows, monitor):
            return []
    with engine_of(monitor).labelled_rows(monitor, days, lake) as rows:
        labelled = kind.labelled(rows, monitor)
        sides = [
            labelled.select("id", "day", nw.col("version").alias(name), **_added(metrics, side))
            for side, name in enumerate(("one", "other"))
        ]
        both = sides[0].join(sides[1], on=["id", "day"], how="inner").filter(nw.col("one") < nw.col("other"))
        counted = both.group_by("day", "one", "other").agg(**_every_sum(metrics))
        return counted.collect("pyarrow").to_native().to_pylist()  # type: ignore[no-any-return]


def _several_versions(rows: nw.LazyFrame[Any], monitor: Monitor) -> bool:
    """Whether some request of a day may be of several versions.

    Nearly no day has such, and to find that out with all that a join of them needs took ten seconds of ten
    million rows. Hashes say so sooner: different requests hardly ever share one, and if they do the join is
    made.
    """
    if rows.implementation is not nw.Implementation.DUCKDB:
        return True
    columns = monitor.logs.columns
    request = identifier(columns.request or columns.prediction_id)
    hashed = f"hash({request}, {DAY})", f"hash({request}, {DAY}, {identifier(columns.version)})"
    counted = ", ".join(f"count(DISTINCT {each})" for each in hashed)
    ((requests, of_versions),) = (
        rows.to_native().query("log", f"SELECT {counted} FROM log").limit(1).fetchall()
    )
    return bool(requests < of_versions)


def pairs_in(row: Mapping[str, Any], place: int) -> Pairs:
    """The sums of one day and metric, as the query names them."""
    products = np.zeros((4, 4))
    for one, other in _PRODUCTS:
        products[one, other] = products[other, one] = row[f"product {place} {one} {other}"]
    sums = np.array([row[f"sum {place} {of}"] for of in range(4)], dtype=np.float64)
    return Pairs(float(row[f"n {place}"]), sums, products)


@reads_rows
def _summed(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, versions: tuple[str, str], metrics: Sequence[str]
) -> list[dict[str, Any]]:
    kind = task_of(monitor).outcomes
    if kind is None or not isinstance(kind, HasComparisons):
        return []
    with engine_of(monitor).labelled_rows(monitor, days, lake) as rows:
        version = nw.col(monitor.logs.columns.version).cast(nw.String)
        labelled = kind.labelled(rows.filter(version.is_in(list(versions))), monitor)
        both = _joined(labelled, versions, metrics)
        counted = both.group_by("day").agg(**_every_sum(metrics))
        return counted.collect("pyarrow").to_native().to_pylist()  # type: ignore[no-any-return]


def _joined(
    labelled: nw.LazyFrame[Any], versions: tuple[str, str], metrics: Sequence[str]
) -> nw.LazyFrame[Any]:
    """A row for each request of both, and what it adds, under the places of the metric and of the sum."""
    sides = [
        labelled.filter(nw.col("version") == version).select("id", "day", **_added(metrics, side))
        for side, version in enumerate(versions)
    ]
    return sides[0].join(sides[1], on=["id", "day"], how="inner")


def _added(metrics: Sequence[str], side: int) -> dict[str, nw.Expr]:
    """What a request of one side adds, under the places of the metric and of the sum."""
    return {
        f"add {place} {2 * side + number}": nw.col(column).cast(nw.Float64)
        for place, metric in enumerate(metrics)
        for number, column in enumerate(adds(metric))
    }


def _every_sum(metrics: Sequence[str]) -> dict[str, nw.Expr]:
    return {name: each for place, _ in enumerate(metrics) for name, each in _sums(place).items()}


def _sums(place: int) -> dict[str, nw.Expr]:
    """The sums of a metric over requests that say something of it for both versions."""
    parts = [nw.col(f"add {place} {of}") for of in range(4)]
    known = ~parts[0].is_null() & ~parts[1].is_null() & ~parts[2].is_null() & ~parts[3].is_null()
    found = {f"n {place}": nw.when(known).then(nw.lit(1)).otherwise(nw.lit(0)).sum()}
    for of, part in enumerate(parts):
        found[f"sum {place} {of}"] = nw.when(known).then(part).otherwise(nw.lit(0.0)).sum()
    for one, other in _PRODUCTS:
        product = nw.when(known).then(parts[one] * parts[other]).otherwise(nw.lit(0.0))
        found[f"product {place} {one} {other}"] = product.sum()
    return found
