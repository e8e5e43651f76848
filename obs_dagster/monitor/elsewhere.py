"""Where the rows of a log are, if the lake has none of them: nights then know counts alone."""

from __future__ import annotations

from obs_dagster.monitor.model import Monitor

_AT_SITES = "its rows are at the sites, which send counts of them alone"
_IN_WAREHOUSE = "its rows stay in the warehouse, which gives counts of them alone"


def at_sites(monitor: Monitor) -> bool:
    """Whether the rows are at sites, which have reduced them."""
    return monitor.federation is not None and bool(monitor.federation.sites)


def no_sample(monitor: Monitor) -> str:
    """Why not even few rows of a day are here; empty if there are some."""
    if monitor.engine.rows_stay and monitor.engine.sample_rows:
        return ""
    return rows_elsewhere(monitor)


def rows_elsewhere(monitor: Monitor) -> str:
    """Why the lake has no rows of a monitor's log; empty if it has them."""
    if at_sites(monitor):
        return _AT_SITES
    return _IN_WAREHOUSE if monitor.engine.rows_stay else ""
