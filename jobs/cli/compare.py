"""`obs compare`: one version of a model against another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.completion import complete_metric, complete_version
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.stored_night import night_of, period

if TYPE_CHECKING:
    from obs_dagster.evaluation.night import Night
    from obs_dagster.evaluation.versus import Versus

_COLUMNS = (
    "metric",
    "segment",
    "compared_on",
    "first",
    "second",
    "difference",
    "low",
    "high",
    "p_value",
    "higher",
    "better",
    "days",
    "rows",
)
_Version = Annotated[
    str, typer.Argument(autocompletion=complete_version, help="A version, as the log has it.")
]


def compare(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    first: _Version,
    second: _Version,
    metric: Annotated[
        str | None,
        typer.Option(
            help="Only this metric; left out: all that can be better.",
            autocompletion=complete_metric,
        ),
    ] = None,
    begin: Annotated[
        str | None, days.option("--from", "First day; left out: the monitor's, or a year before the last")
    ] = None,
    end: Annotated[
        str | None, days.option("--to", "Last day; left out: the last one that was evaluated")
    ] = None,
    *,
    pair: Annotated[
        bool, typer.Option(help="Whether requests that both have scored are looked for, which reads rows.")
    ] = True,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Say which of two versions is better, with an interval that may be looked at every night."""
    from obs_dagster.evaluation.versus import metrics_to_compare, versus
    from obs_dagster.evaluation.where import Period

    monitor = find_monitor(model)
    night = night_of(monitor)
    wanted = metrics_to_compare(monitor, metric)
    start, last = period(monitor, night, begin, end, length=366)
    found = versus(night, first, second, Period(start, last), wanted, pair=pair)
    if chosen is Format.TABLE and output is None:
        OUTPUT.print(f"{start} to {last}", highlight=False)
        _print(found)
        _print_effect(night, (second, first), last)
    else:
        emit([_row(each) for each in found], list(_COLUMNS), chosen, output=output)


def _row(each: Versus) -> dict[str, Any]:
    from obs_dagster.reports.versus import comparative

    look, values = each.look, each.values or (None, None)
    higher = {1: each.first, -1: each.second, 0: None}
    return {
        "metric": each.metric,
        "segment": each.segment,
        "compared_on": each.way,
        "first": values[0],
        "second": values[1],
        "difference": look and look.difference,
        "low": look and look.low,
        "high": look and look.high,
        "p_value": look and look.p_value,
        "higher": higher[look.decided] if look else None,
        "better": each.ahead if each.ahead and comparative(each.metric) == "better" else None,
        "days": look.days if look else 0,
        "rows": each.rows,
    }


def _print_effect(night: Night, versions: tuple[str, str], last: dt.date) -> None:
    """What serving the second version in the place of the first did, where the monitor asks for it."""
    from obs_dagster.reports.effect import headline, newest_effect

    found = newest_effect(night, last, versions)
    if found is not None:
        OUTPUT.print(f"\n{headline(found)}", markup=False, highlight=False)


def _print(found: Sequence[Versus]) -> None:
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.reports.versus import verdict_on, versus_section

    for each in found:
        if each.segment == WHOLE:
            OUTPUT.print(verdict_on(each), markup=False, highlight=False)
    section = versus_section(found)
    drawn = table(*section.headings)
    for row in section.rows:
        drawn.add_row(*map(cell, row))
    OUTPUT.print("")
    OUTPUT.print(drawn)
