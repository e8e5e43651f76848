"""By what versions of a regressor are compared: means of the errors' sizes and squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.lake.columns import DAY, LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.comparison import Comparison, mean
from obs_dagster.tasks.outcomes import Cell, adds
from obs_dagster.tasks.regression.units import FARTHEST

COMPARED: Mapping[str, Comparison] = {
    "mae": mean(4, rows=0, total=1, total_sq=2),
    "rmse": mean(4, rows=0, total=2, total_sq=3, root=True),
}
"""Of pairs, and sums of the errors' sizes, squares and fourth powers. A lower bias is no better one."""


def error_sums(cell: Cell) -> FloatArray:
    """Pairs and sums of |e|, e² and e⁴, shape (4,), in the unit of the target, not that of a grid."""
    whole = cell["kind"] == "cell"
    scale = np.nan_to_num(cell["scale"][whole], nan=1.0)
    sums = [cell[name][whole] for name in ("absolute_sum", "error_sq", "error_quart")]
    powers = (scale * sums[0], scale**2 * sums[1], scale**4 * sums[2])
    return np.array([float(np.nansum(each)) for each in (cell["pairs"][whole], *powers)])


def labelled_rows(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Each row's error; null where prediction or label is no finite number."""
    roles = monitor.logs.columns
    sides = nw.col(leading_output(monitor).column).cast(nw.Float64), nw.col(LABEL).cast(nw.Float64)
    usable = [each.is_finite() & (each.abs() <= FARTHEST) for each in sides]
    size = nw.when(usable[0] & usable[1]).then((sides[0] - sides[1]).abs())
    sized = rows.select(
        id=nw.col(roles.prediction_id).cast(nw.String),
        day=nw.col(DAY).cast(nw.String),
        version=nw.col(roles.version).cast(nw.String),
        size=size,
    )
    error, one = nw.col("size"), nw.when(~nw.col("size").is_null()).then(nw.lit(1.0))
    values = {"mae": error, "rmse": error * error}
    parts = {
        column: part
        for name, value in values.items()
        for column, part in zip(adds(name), (value, one), strict=True)
    }
    return sized.select("id", "day", "version", **parts)
