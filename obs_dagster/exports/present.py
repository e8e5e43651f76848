"""The samples of the present, of the places that the settings name."""

from __future__ import annotations

import datetime as dt

from obs_dagster.catalogue import readable_monitors
from obs_dagster.exports.collect import collect
from obs_dagster.exports.sample import Sample
from obs_dagster.history import History
from obs_dagster.settings import Settings


def present(settings: Settings, history: History, now: dt.datetime) -> list[Sample]:
    """Every sample of the present.

    Raises:
        ObsError: the store or the folder of the monitors cannot be read.
    """
    found = readable_monitors(settings.monitors)
    return collect(history, found.monitors, now, faulty=found.faulty, series=settings.exports_series)
