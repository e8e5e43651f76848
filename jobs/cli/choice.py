"""Turns what was typed into what there is: a model into its monitor, text into days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor


def parse_day(text: str | dt.date) -> dt.date:
    """A calendar day as YYYY-MM-DD."""
    if isinstance(text, dt.date):
        return text
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day; write it as YYYY-MM-DD.") from None


Model = Annotated[str, typer.Argument(help="The model, as its monitor names it.", metavar="MODEL")]
Day = Annotated[dt.date, typer.Option("--day", parser=parse_day, metavar="YYYY-MM-DD", help="The day.")]
OptionalDay = Annotated[
    dt.date | None,
    typer.Option("--day", parser=parse_day, metavar="YYYY-MM-DD", help="The day; left out: the latest one."),
]


def find_monitor(model: str) -> Monitor:
    """The monitor of a model, from the folder that the settings name.

    Raises:
        MonitorError: a monitor file is wrong.
        UsageError: no monitor is of this model; the error lists those that are.
    """
    from obs_dagster.catalogue import monitors_of
    from obs_dagster.settings import Settings

    folder = Settings().monitors
    monitors: Mapping[str, Monitor] = monitors_of(folder, models=[model])
    require(model, monitors, f"model in {folder.absolute()}")
    return monitors[model]


def require(name: str, names: Collection[str], kind: str) -> None:
    """Complain unless the name is one of those there are.

    Raises:
        UsageError: it is not; the remedy gives the nearest, and all.
    """
    from obs_dagster.monitor import named

    try:
        named.require(name, names, kind)
    except named.UnknownNameError as error:
        raise UsageError(error.message, remedy=error.remedy) from None


def require_days(monitor: Monitor, first: dt.date, last: dt.date) -> None:
    """Complain unless the days are the monitor's.

    Raises:
        UsageError: they are not, or are in the wrong order; the remedy gives the legal range.
    """
    from obs_dagster.monitor.due import last_day

    last_legal = last_day(monitor, dt.datetime.now(dt.UTC))
    legal = f"The days of {monitor.model} are {monitor.start} to {last_legal}."
    if first > last:
        raise UsageError(f"{first} is after {last}.", remedy=f"Write the earlier day first. {legal}")
    for day in (first, last):
        if not monitor.start <= day <= last_legal:
            raise UsageError(f"{day} is no day of {monitor.model}.", remedy=legal)
