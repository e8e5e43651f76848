"""What `obs doctor` says of how nights get on with the machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding

if TYPE_CHECKING:
    from obs_dagster.history import History
    from obs_dagster.monitor import Monitor


def capacity(monitor: Monitor, history: History) -> Iterator[Finding]:
    """How long nights take, whether they will outgrow the time between two, and what they run with now."""
    from obs_dagster.capacity import forecasts
    from obs_dagster.capacity.forecast import DAYS
    from obs_dagster.history.nights import latest
    from obs_dagster.history.usage import program_changes, read_programs

    with history.reading() as connection:
        newest = latest(connection, monitor.model)
        if newest is None:
            return
        programs = read_programs(connection, monitor.model, newest - dt.timedelta(days=DAYS))
    if found := forecasts(history, [monitor]).get(monitor.model):
        yield Finding(monitor.model, "night's time", "warn" if found.is_tight else "ok", str(found))
    last = max(programs, default=None)
    if last is not None and (changed := program_changes(programs, last)):
        yield Finding(monitor.model, "programs", "ok", f"changed with {last}: {', '.join(changed)}")
