"""Compiles the loops over rows ahead of the first night: `python -m obs_dagster.warm_up`."""

from __future__ import annotations

import narwhals as nw

from obs_dagster.catalogue import monitor_of
from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.reference import EXAMPLE
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.reduction import reduce_rows
from obs_dagster.sources.files import connect
from obs_dagster.tasks.binary.outcomes import OUTCOMES
from obs_dagster.tasks.outcomes import reduce_outcomes

_ROW = f"""
    '1' AS model_version, 0.5 AS score, true AS {LABEL}, 12.5 AS latency_ms, '200' AS status,
    8 AS hour, 200.0 AS distance, 60.0 AS temp, 'JFK' AS origin, 'AA' AS carrier"""


def warm_up() -> None:
    """Reduce one row of the example's log: what it compiles is kept for all processes."""
    monitor = monitor_of(EXAMPLE, environ={"OBS_HOME": "."})
    with connect() as connection:
        rows = nw.from_native(connection.sql(f"SELECT {_ROW}"))
        grids = fit_grids(rows, monitor)
        reduce_rows(rows, monitor, grids)
        reduce_outcomes(rows, monitor, grids, OUTCOMES)


if __name__ == "__main__":
    warm_up()
