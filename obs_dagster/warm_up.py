"""Compiles the loops over rows ahead of the first night: `python -m obs_dagster.warm_up`."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np

from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.reference import EXAMPLE
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.files import connect
from obs_dagster.spans.requests import Spans, requests_of
from obs_dagster.tasks.outcomes import reduce_outcomes
from obs_dagster.tasks.protocol import task_of

_NUMBER = "latency_ms"
_ROW = f"""
    '1' AS model_version, 0.5 AS score, true AS {LABEL}, 12.5 AS latency_ms, '200' AS status,
    8 AS hour, 200.0 AS distance, 60.0 AS temp, 'JFK' AS origin, 'AA' AS carrier"""


def warm_up() -> None:
    """Reduce one row of the example's log, and one span: what it compiles is kept for all processes."""
    requests_of(_span())
    monitor = monitor_of(EXAMPLE, environ={"OBS_HOME": "."})
    with connect() as connection:
        rows = nw.from_native(connection.sql(f"SELECT {_ROW}"))
        reduce_rows(rows, monitor, fit_grids(rows, monitor))
        for each in (monitor, _regressor(monitor)):
            outcomes = task_of(each).outcomes
            if outcomes:
                reduce_outcomes(rows, each, fit_grids(rows, each), outcomes)


def _span() -> Spans:
    """A request of one span."""
    zero = np.zeros(1, dtype=np.int64)
    return Spans(zero, zero + 1, zero, zero, zero, zero, zero > 0)


def _regressor(monitor: Monitor) -> Monitor:
    """As if the latency were what a model predicts, with an interval and a quantile."""
    roles: dict[str, Any] = {"score": None, "prediction": _NUMBER, "interval": (_NUMBER, _NUMBER)}
    columns = monitor.logs.columns.model_copy(update={**roles, "quantiles": {0.5: _NUMBER}})
    logs = monitor.logs.model_copy(update={"columns": columns})
    return monitor.model_copy(update={"task": "regression", "logs": logs})


if __name__ == "__main__":
    warm_up()
