"""How versions do beside the champion, where a monitor names one: part of the stage `performance`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from obs_dagster.evaluation.champion import champion_records
from obs_dagster.evaluation.night import Night
from obs_dagster.history import History
from obs_dagster.metrics.registry import family
from obs_dagster.versus.champion_now import champion_now


def beside_champion(night: Night, days: Collection[dt.date], tracking_uri: str, history: History) -> int:
    """Write the records of some days; returns how many changed."""
    monitor, changed = night.monitor, 0
    if monitor.champion is None or monitor.labels is None:
        return 0
    for day, records in champion_records(night, days, champion_now(monitor, tracking_uri)):
        changes = history.replace_metrics(
            records, model=monitor.model, days=[day], metrics=set(family("champion"))
        )
        changed += changes.inserted + changes.updated + changes.removed
    return changed
