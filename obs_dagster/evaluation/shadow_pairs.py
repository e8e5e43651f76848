"""Requests that two versions have scored, one of them in the shadow of the other: counted out of the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.engine.protocol import engine_of
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.where import Period
from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.distribution import FloatArray


def shadow_pairs(night: Night, first: str, second: str, period: Period) -> list[FloatArray]:
    """Of each day, labelled requests that both versions have scored, by both decisions and the label."""
    monitor, lake = night.monitor, night.lake
    days = night.outcomes.days_between(period.first, period.last)
    try:
        counted = _counted_pairs(monitor, days, lake, first, second)
    except LakeError:
        # rows of days that are over are gone; what was counted of them is there
        return []
    found: dict[str, FloatArray] = {}
    for row in counted:
        cell = int(row["one"]), int(row["other"]), int(row["label"])
        found.setdefault(str(row["day"]), np.zeros((2, 2, 2)))[cell] += row["n"]
    return [found[day] for day in sorted(found)]


@reads_rows
def _counted_pairs(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake, first: str, second: str
) -> list[dict[str, Any]]:
    with engine_of(monitor).labelled_rows(monitor, days, lake) as rows:
        return _pairs_of(rows, monitor, first, second)


def _pairs_of(rows: nw.LazyFrame[Any], monitor: Monitor, first: str, second: str) -> list[dict[str, Any]]:
    roles, served = monitor.logs.columns, prediction_column(monitor)
    score = nw.col(leading_output(monitor).column).cast(nw.Float64)
    decision = score >= monitor.logs.threshold
    if served in rows.collect_schema().names():
        logged = nw.col(served).cast(nw.Boolean)
        decision = nw.when(~logged.is_null()).then(logged).otherwise(decision)
    plain = rows.filter(~nw.col(LABEL).is_null()).select(
        id=nw.col(roles.prediction_id).cast(nw.String),
        day=nw.col(DAY).cast(nw.String),
        version=nw.col(roles.version).cast(nw.String),
        decision=_as_number(decision),
        label=_as_number(nw.col(LABEL)),
    )
    sides = [
        plain.filter(nw.col("version") == version).select("id", "day", "label", **{name: nw.col("decision")})
        for version, name in ((first, "one"), (second, "other"))
    ]
    both = sides[0].join(sides[1].select("id", "day", "other"), on=["id", "day"], how="inner")
    counts = both.group_by("day", "one", "other", "label").agg(n=nw.len())
    return counts.collect("pyarrow").to_native().to_pylist()  # type: ignore[no-any-return]


def _as_number(truth: nw.Expr) -> nw.Expr:
    """1 for what is true and 0 for what is false; not every database casts one to the other."""
    return nw.when(truth).then(nw.lit(1)).when(~truth).then(nw.lit(0)).cast(nw.Int64)
