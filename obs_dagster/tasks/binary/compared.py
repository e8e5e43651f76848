"""By what versions of a binary classifier are compared: ratios of counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.columns import prediction_column
from obs_dagster.tasks.binary.ratios import RATIOS
from obs_dagster.tasks.comparison import Comparison, share
from obs_dagster.tasks.outcomes import adds

COMPARED: Mapping[str, Comparison] = {
    name: share(np.ravel(ratio.top).tolist(), np.ravel(ratio.bottom).tolist())
    for name, ratio in RATIOS.items()
}
"""Of labelled rows by decision and label."""


def labelled_rows(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Each row's part of the ratios; null without a decision or a label."""
    roles, served = monitor.logs.columns, prediction_column(monitor)
    score = nw.col(leading_output(monitor).column).cast(nw.Float64)
    decision = score >= monitor.logs.threshold
    if served in rows.collect_schema().names():
        logged = nw.col(served).cast(nw.Boolean)
        decision = nw.when(~logged.is_null()).then(logged).otherwise(decision)
    kinds = rows.select(
        id=nw.col(roles.prediction_id).cast(nw.String),
        day=nw.col(DAY).cast(nw.String),
        version=nw.col(roles.version).cast(nw.String),
        # not every database makes numbers of truth values
        kind=nw.when(decision).then(nw.lit(2)).when(~decision).then(nw.lit(0))
        + nw.when(nw.col(LABEL)).then(nw.lit(1)).when(~nw.col(LABEL)).then(nw.lit(0)),
    )
    parts = {}
    for name, ratio in RATIOS.items():
        for column, of in zip(adds(name), (ratio.top, ratio.bottom), strict=True):
            parts[column] = _of_kind(*np.ravel(of).tolist())
    return kinds.select("id", "day", "version", **parts)


def _of_kind(*numbers: float) -> nw.Expr:
    """A number for each combination of decision and label."""
    kind = nw.col("kind")
    chain = nw.when(kind == 0).then(nw.lit(numbers[0])).when(kind == 1).then(nw.lit(numbers[1]))
    return chain.when(kind == 2).then(nw.lit(numbers[2])).when(kind == 3).then(nw.lit(numbers[3]))  # noqa: PLR2004  the kinds
