"""Where it began among the components of a night that one is off: told in the metadata."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from obs_dagster.causes.model_nights import ModelNights
from obs_dagster.causes.words import told_of
from obs_dagster.history import History
from obs_dagster.monitor import Monitor


def began(monitor: Monitor, history: History, day: dt.date) -> Mapping[str, dg.MetadataValue]:
    """What is told of a day; nothing where nothing was off."""
    with history.reading() as connection:
        nights = ModelNights.read(connection, monitor)
    answer = nights.on(day)
    if answer.of is None:
        return {}
    return {
        "causes across components": dg.MetadataValue.md("\n".join(f"- {line}" for line in told_of(answer)))
    }
