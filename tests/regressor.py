"""Pairs of predictions and labels, reduced as a night reduces them."""

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa

from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.grids.shape import fit_shape
from obs_dagster.tasks.outcomes import reduce_outcomes
from obs_dagster.tasks.regression.outcomes import OUTCOMES

LOGS = {
    "source": "parquet",
    "path": "logs/{day}.*",
    "columns": {"prediction_id": "id", "time": "at", "version": "model", "prediction": "minutes"},
}
EXTRA = {"interval": ["low", "high"], "quantiles": {0.1: "q10", 0.9: "q90"}}


def table(prediction, label, *, carrier="AA", version="1", **columns):
    """Rows of a log with their labels; NaN is a value, None is null."""
    n = len(prediction)
    return pa.table(
        {
            "model": [version] * n,
            "minutes": pa.array(prediction, pa.float64()),
            "carrier": carrier if not isinstance(carrier, str) else [carrier] * n,
            "_obs_label": pa.array(label, pa.float64()),
            **columns,
        }
    )


class Regressor:
    """A monitor of a regressor, and the grids of a baseline."""

    def __init__(self, monitor, baseline=None):
        grid = AsinhGrid(0.0, 1.0) if baseline is None else fit_shape(np.asarray(baseline, float))
        self.monitor = monitor
        self.grids = Grids({"carrier": CategoryGrid(), "minutes": grid})

    def profile(self, rows):
        frame = rows if isinstance(rows, nw.LazyFrame) else nw.from_native(duckdb.connect().from_arrow(rows))
        return reduce_outcomes(frame, self.monitor, self.grids, OUTCOMES)

    def inputs(self, profile, segment="*", version="1", seed=0):
        return dict(OUTCOMES.inputs(profile.cell(version, segment), self.monitor, segment, seed))

    def metrics(self, rows, segment="*", *, seed=0):
        """Estimates of the model as a whole, and of each quantile's column as `name(column)`."""
        profile = self.profile(rows) if isinstance(rows, pa.Table) else rows
        found = {}
        for column, given in self.inputs(profile, segment, seed=seed).items():
            for name, estimate in evaluate("performance", given, task="regression").items():
                found[f"{name}({column})" if column else name] = estimate
        return found
