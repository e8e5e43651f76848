"""What was asked for by name, found; an error names what there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from obs_dagster.catalogue import monitors_of
from obs_dagster.errors import ObsError
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.named import require
from obs_dagster.monitor.problem import quoted
from obs_dagster.settings import Settings

Names = str | Iterable[str] | None
"""One name, several, or None for all."""


def listed(names: Names, known: Collection[str], kind: str) -> list[str] | None:
    """Names as a list, None for all.

    Raises:
        UnknownNameError: one of them is not known.
    """
    if names is None:
        return None
    found = [names] if isinstance(names, str) else [str(name) for name in names]
    for name in found:
        require(name, known, kind)
    return found


def monitor_named(model: str) -> Monitor:
    """The monitor of a model, from the folder that the settings name.

    Raises:
        UnknownNameError: there is none; the remedy lists the models.
        MonitorError: a monitor file is wrong.
    """
    folder = Settings().monitors
    monitors = monitors_of(folder, models=[model])
    require(model, monitors, f"model in {folder.absolute()}")
    return monitors[model]


def day_of(written: str | dt.date) -> dt.date:
    """A day, as a date or as YYYY-MM-DD.

    Raises:
        ObsError: it is none.
    """
    if isinstance(written, dt.datetime):
        return written.date()
    if isinstance(written, dt.date):
        return written
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise ObsError(
            f"{quoted(str(written))} is not a day.", remedy="Write it as YYYY-MM-DD, or give a date."
        ) from None


def night_of(model: str, written: str | dt.date) -> dt.date:
    """A day that was run.

    Raises:
        ObsError: it was not; the remedy says which days were.
    """
    day = day_of(written)
    with History.open(Settings().history_url) as history:
        days = [night.day for night in history.nights(model)]
    if day in days:
        return day
    ran = f"There are nights of {days[0]} to {days[-1]}; " if days else "No night was run yet: "
    raise ObsError(f"{model} has no night of {day}.", remedy=f"{ran}`obs run {model} --day {day}` makes it.")
