"""`obs fairness`: how groups of people were treated in a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, OnlyVersions, find_monitor, require
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, FormatOption, console_for, emit
from jobs.cli.stored_night import night_of, period
from jobs.cli.written import writing

if TYPE_CHECKING:
    from obs_dagster.evaluation.fairness import AttributeFairness
    from obs_dagster.monitor import Monitor

_COLUMNS = ("version", "attribute", "metric", "value", "low", "high", "n", "reason")


def fairness(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    first: Annotated[
        str | None, days.option("--from", "First day; left out: four weeks before the last")
    ] = None,
    last: Annotated[
        str | None, days.option("--to", "Last day; left out: the last one that was evaluated")
    ] = None,
    version: OnlyVersions = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write an audit report: a page (.html), or printed by a browser (.pdf)."),
    ] = None,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write the numbers to this file.")] = None,
) -> None:
    """Compare how groups of people were treated, by the attributes that the monitor names."""
    from obs_dagster.evaluation.fairness import fairness_between

    monitor = find_monitor(model)
    night = night_of(monitor)
    begin, end = period(monitor, night, first, last)
    found = fairness_between(night, begin, end)
    for each in version or []:
        require(each, {one.version for one in found}, "version")
    found = [each for each in found if not version or each.version in version]
    if report is not None:
        # before anything is printed, for who reads that may have had enough
        _write(report, monitor, begin, end, found)
    if chosen is Format.TABLE and output is None:
        _print(found, begin, end)
    else:
        emit([row for each in found for row in _rows(each)], list(_COLUMNS), chosen, output=output)
    if report is not None:
        console_for(chosen).print(f"\nReport: {report.absolute()}", highlight=False, soft_wrap=True)


def _rows(found: AttributeFairness) -> list[dict[str, Any]]:
    return [
        {
            "version": found.version,
            "attribute": found.groups.attribute,
            "metric": name,
            "value": each.value,
            "low": each.low,
            "high": each.high,
            "n": each.n,
            "reason": each.reason,
        }
        for name, each in found.estimates.items()
    ]


def _print(found: Sequence[AttributeFairness], first: dt.date, last: dt.date) -> None:
    """What people ask, in words, and below it the tables."""
    from obs_dagster.reports.fairness import fairness_sections, in_words
    from obs_dagster.tasks.sections import Listing

    OUTPUT.print(f"{first} to {last}", markup=False, highlight=False)
    for version, sections in fairness_sections(found).items():
        OUTPUT.print(f"\nVersion {version}", style="bold", markup=False, highlight=False)
        for each in found:
            if each.version == version:
                OUTPUT.print(f"{each.groups.attribute}: {in_words(each)}", markup=False, highlight=False)
        for section in sections:
            if isinstance(section, Listing) and section.rows:
                drawn = table(*section.headings)
                for row in section.rows:
                    drawn.add_row(*map(cell, row))
                OUTPUT.print("")
                OUTPUT.print(drawn)


def _write(
    place: Path, monitor: Monitor, first: dt.date, last: dt.date, found: Sequence[AttributeFairness]
) -> None:
    """Write the report, as a page or printed.

    Raises:
        PdfError: no browser prints it.
        UsageError: the file cannot be written.
    """
    from tempfile import TemporaryDirectory

    from obs_dagster.lake.lake import replacing
    from obs_dagster.reports.fairness import render_fairness
    from obs_dagster.reports.pdf import print_page

    page = render_fairness(monitor, first, last, found, dt.datetime.now(dt.UTC))
    with writing(place):
        if place.suffix.lower() == ".pdf":
            with TemporaryDirectory(prefix="obs-fairness-") as folder:
                aside = Path(folder) / "report.html"
                aside.write_text(page, encoding="utf-8")
                print_page(aside, place)
            return
        with replacing(place) as aside:
            aside.write_text(page, encoding="utf-8")
