"""How long nights take now, of each model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from obs_dagster.capacity.forecast import DAYS, Forecast, forecast
from obs_dagster.capacity.window import night_window
from obs_dagster.history.nights import latest
from obs_dagster.history.store import History
from obs_dagster.history.usage import read
from obs_dagster.monitor.model import Monitor


def forecasts(history: History, monitors: Iterable[Monitor]) -> dict[str, Forecast]:
    """By model how its nights grow; without those of which too few nights are known."""
    found = {}
    with history.reading() as connection:
        for monitor in monitors:
            newest = latest(connection, monitor.model)
            if newest is not None:
                nights = read(connection, monitor.model, newest - dt.timedelta(days=DAYS))
                known = forecast(nights, night_window(monitor))
                if isinstance(known, Forecast):
                    found[monitor.model] = known
    return found
