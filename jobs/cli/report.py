"""`obs report`: health pages, and the page of all models, as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.choice import find_monitor, readable_monitors, tell_faulty
from jobs.cli.completion import complete_model
from jobs.cli.elsewhere import elsewhere, tell_problems
from jobs.cli.failure import UsageError
from jobs.cli.written import writing
from obs_dagster.errors import HistoryError

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.monitor.loading import Readable


def report(
    model: Annotated[
        str | None,
        typer.Argument(
            help="The model, as its monitor names it.", metavar="MODEL", autocompletion=complete_model
        ),
    ] = None,
    day: days.Shown = None,
    every: Annotated[
        bool, typer.Option("--all", help="The page of all models, with the health pages that it leads to.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file; left out: below `reports` in the home folder.")
    ] = None,
) -> None:
    """Write the health page of a day, or one page of all models, and print its path; it needs no network."""
    if every:
        if model is not None or day is not None:
            raise UsageError(
                "--all is about all models and their last nights.", remedy="Leave MODEL and --day out."
            )
        monitors = readable_monitors()
        typer.echo(write_fleet(monitors, output))
        tell_faulty(monitors.faulty)
        return
    if model is None:
        raise UsageError("No model is named.", remedy="Name one, or say --all.")
    monitor = find_monitor(model)
    asked = None if day in (None, days.LATEST) else days.day_to_evaluate(monitor, day)
    typer.echo(write_report(monitor, asked, output))


def write_fleet(found: Readable, output: Path | None = None) -> Path:
    """Write the page of all models, and the health pages of last nights that are not there or not up to date.

    Raises:
        UsageError: a file cannot be written.
    """
    from obs_dagster.alerts.elsewhere import Elsewhere
    from obs_dagster.fleet import read_fleet
    from obs_dagster.history import History
    from obs_dagster.links import FLEET_PAGE
    from obs_dagster.reports.fleet import stale_pages, write_page
    from obs_dagster.settings import Settings

    settings = Settings()
    now = dt.datetime.now(dt.UTC)
    with History.open(settings.history_url) as history:
        fleet = read_fleet(history, found.monitors.values(), now, faulty=found.faulty)
    for each in stale_pages(fleet, settings.reports):
        write_report(found.monitors[each.model])
    place = (output or settings.reports / FLEET_PAGE).absolute()
    firing = {each.model for each in fleet if each.alerts.firing}
    there = elsewhere(firing) if firing else Elsewhere()
    tell_problems(there)
    with _writing(place, ours=output is None):
        write_page(fleet, place, settings.reports, links=settings.links, now=now, silenced=there.counted())
    return place


def write_report(monitor: Monitor, day: dt.date | None = None, output: Path | None = None) -> Path:
    """Write the health page of a day, or of the latest night.

    Raises:
        HistoryError: the day has not been run.
        UsageError: the file cannot be written.
    """
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake, replacing
    from obs_dagster.links import health_page
    from obs_dagster.mlflow_reach.experiment import links_to_traces
    from obs_dagster.reports.gather import gather
    from obs_dagster.reports.health import render_health
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        ran = [night.day for night in history.nights(monitor.model)]
        if not ran or (day is not None and day not in ran):
            raise HistoryError(
                f"No night of {monitor.model} has run{'' if day is None else f' for {day}'}.",
                remedy=(f"There are nights of {_span(ran)}; " if ran else "")
                + f"`obs run {monitor.model}{'' if day is None else f' --day {day}'}` evaluates "
                + ("another." if ran else "one."),
            )
        shown, now = day or ran[-1], dt.datetime.now(dt.UTC)
        lake, links = Lake(settings.lake_root), links_to_traces(settings)
        page = render_health(gather(monitor, history, shown, now=now, lake=lake, links=links))
    place = (output or settings.reports / health_page(monitor.model, shown)).absolute()
    with _writing(place, ours=output is None), replacing(place) as aside:
        aside.write_text(page, encoding="utf-8")
    return place


def _span(ran: Sequence[dt.date]) -> str:
    return str(ran[0]) if len(ran) == 1 else f"{len(ran)} days from {ran[0]} to {ran[-1]}"


@contextmanager
def _writing(place: Path, *, ours: bool) -> Iterator[None]:
    """Write a file: one of ours with the permissions of the home, another one with those of its place.

    Raises:
        UsageError: a file that somebody named cannot be written; of ours it is a fault of storage.
    """
    if ours:
        yield
        return
    with writing(place):
        yield
