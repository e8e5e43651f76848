"""Pairs by what was predicted, with their errors: what a change of the error is explained by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from obs_dagster.profile.distribution import FloatArray
from obs_dagster.tasks.comparison import Comparison, mean
from obs_dagster.tasks.judged import Explains, Judged, Loss
from obs_dagster.tasks.outcomes import Cell

_MAE = mean(5, rows=0, total=1, total_sq=2)
_MSE = mean(5, rows=0, total=2, total_sq=3)
METRICS: Mapping[str, Comparison] = {
    "mae": _MAE,
    "bias": mean(5, rows=0, total=4, total_sq=2),
    "rmse": mean(5, rows=0, total=2, total_sq=3, root=True),
    "mse": _MSE,
}
"""Of pairs, and sums of the errors' sizes, squares, fourth powers, and of the errors."""

EXPLAINS = Explains(
    METRICS,
    {
        "mix": "other rows came",
        "score": "other numbers are predicted",
        "outcome": "what is predicted alike misses otherwise",
    },
    {"": Loss(_MAE), "rmse": Loss(_MSE), "mse": Loss(_MSE)},
    binned=True,
)
_POWERS = (("absolute_sum", 1), ("error_sq", 2), ("error_quart", 4), ("error_sum", 1))


def judged_pairs(cell: Cell) -> Judged:
    """Pairs by bin of the prediction, with their errors in the unit of the target."""
    binned, whole = cell["kind"] == "prediction", cell["kind"] == "cell"
    scale = float(np.nan_to_num(cell["scale"][whole], nan=1.0)[0]) if whole.any() else 1.0
    sums = [cell["n"][binned].astype(np.float64)]
    sums += [scale**power * np.nan_to_num(cell[name][binned]) for name, power in _POWERS]
    keys, numbers = cell["key"][binned].astype(np.int64), np.stack(sums, axis=1)
    order = np.argsort(keys)
    there: FloatArray = numbers[order]
    return Judged(keys[order], there)
