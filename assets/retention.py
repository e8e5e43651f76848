"""What a monitor keeps no longer, removed once its night is over."""

from __future__ import annotations

from assets.resources import Platform
from obs_dagster.errors import ObsError
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.retention.purge import Kept, Over, purge
from obs_dagster.secrets import scrub
from obs_dagster.telemetry.event import Event

_NOT_PURGED = Event(
    "obs_dagster.retention",
    "not purged",
    "warning",
    "What a monitor keeps no longer could not be removed; the next night tries again.",
    {"model": "the model", "error": "why"},
)


def purge_over(monitor: Monitor, platform: Platform, history: History) -> list[Over]:
    """Remove what is over; a night whose results are told does not fail by it."""
    today = platform.now().astimezone(monitor.zone).date()
    try:
        return purge(Kept(monitor, platform.lake, history, platform.settings.reports, today))
    except (ObsError, OSError) as error:
        _NOT_PURGED(model=monitor.model, error=scrub(str(error)))
        return []
