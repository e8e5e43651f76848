"""`obs report`: the health page as a file."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli.choice import Model, OptionalDay, find_monitor
from jobs.cli.failure import UsageError
from obs_dagster.errors import HistoryError
from obs_dagster.permissions import as_started

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor


def report(
    model: Model,
    day: OptionalDay = None,
    output: Annotated[
        Path | None, typer.Option(help="The file; left out: below `reports` in the home folder.")
    ] = None,
) -> None:
    """Write the health page of a day, one HTML file that needs no network, and print its path."""
    typer.echo(write_report(find_monitor(model), day, output))


def write_report(monitor: Monitor, day: dt.date | None = None, output: Path | None = None) -> Path:
    """Write the health page of a day, or of the latest night.

    Raises:
        HistoryError: the day has not been run.
        UsageError: the file cannot be written.
    """
    from obs_dagster.history import History
    from obs_dagster.lake.lake import Lake, replacing
    from obs_dagster.reports.gather import gather
    from obs_dagster.reports.health import render_health
    from obs_dagster.settings import Settings

    settings = Settings()
    with History.open(settings.history_url) as history:
        ran = [night.day for night in history.nights(monitor.model)]
        if not ran or (day is not None and day not in ran):
            raise HistoryError(
                f"No night of {monitor.model} has run{'' if day is None else f' for {day}'}.",
                remedy=f"Run `obs run {monitor.model} --day {day or 'YYYY-MM-DD'}` first"
                + (f"; the last night was {ran[-1]}." if ran else "."),
            )
        shown, now = day or ran[-1], dt.datetime.now(dt.UTC)
        page = render_health(gather(monitor, history, shown, now=now, lake=Lake(settings.lake_root)))
    place = (output or settings.root / "reports" / f"{monitor.model}-{day or ran[-1]}.html").absolute()
    try:
        with nullcontext() if output is None else as_started(), replacing(place) as aside:
            aside.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place} cannot be written: {error.strerror}.", remedy="Choose another.") from error
    return place
