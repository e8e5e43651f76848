"""`obs components`: what each component of the system took of the requests of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.stored_night import night_of

if TYPE_CHECKING:
    from rich.table import Table

    from obs_dagster.reports.components import ComponentDay, Shown
    from obs_dagster.tasks.sections import Listing

_COLUMNS = ("day", "version", "component", "did", "metric", "value", "usual", "as_usual")


def components(
    model: Model,
    day: Annotated[str | None, days.option("--day", "The day; left out: the last one with spans")] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Say what each component took of the requests of a day, and in which one something began."""
    from obs_dagster.evaluation.component_days import component_table, merged_days
    from obs_dagster.evaluation.component_outcomes import matched_in_words
    from obs_dagster.history import History
    from obs_dagster.reports.components import read_components
    from obs_dagster.settings import Settings
    from obs_dagster.spans.faults import fault_words
    from obs_dagster.spans.reading import asked_of

    monitor = find_monitor(model)
    asked_of(monitor)
    night = night_of(monitor)
    counted = component_table(night).days()
    if not counted:
        raise UsageError(
            f"No spans of {model} have been counted yet.", remedy=f"Run a night: obs run {model} --day …"
        )
    wanted = days.day_of(monitor, day or days.LATEST, lambda: counted[-1])
    with History.open(Settings().history_url) as history, history.reading() as connection:
        found = read_components(connection, monitor, wanted)
    if chosen is Format.TABLE:
        _print(found)
        if (found.quality is None or not found.quality.rows) and (why := matched_in_words(night, wanted)):
            OUTPUT.print(f"Quality by component is not known: {why}.", markup=False, highlight=False)
        for told in fault_words(merged_days(night, [wanted])):
            OUTPUT.print(f"Faults: {told}", markup=False, highlight=False)
    else:
        emit(_rows(found), list(_COLUMNS), chosen)


def _rows(found: ComponentDay) -> list[dict[str, Any]]:
    from obs_dagster.monitor.whole import WHOLE

    every = {WHOLE: {"": found.whole, **found.components}, **found.versions}
    rows = [
        _row(found, version, name, metric, shown)
        for version, components in every.items()
        for name, metrics in components.items()
        for metric, shown in metrics.items()
    ]
    rows += [
        _row(found, version, judged, "component_score", shown)
        for judged, by_version in found.scores.items()
        for version, shown in by_version.items()
    ]
    return rows + _quality(found)


def _row(found: ComponentDay, version: str, component: str, metric: str, shown: Shown) -> dict[str, Any]:
    return {
        "day": str(found.day),
        "version": version,
        "component": component,
        "did": "",
        "metric": metric,
        "value": shown.value,
        "usual": shown.usual,
        "as_usual": None if shown.usual is None else not shown.odd,
    }


def _quality(found: ComponentDay) -> list[dict[str, Any]]:
    """Quality where a component did something; beside it that where it was used as usual."""
    if found.quality is None:
        return []
    return [
        {
            "day": str(found.quality.day),
            "version": row.version,
            "component": row.component,
            "did": row.did,
            "metric": metric,
            "value": record.value,
            "usual": row.beside[metric].value if metric in row.beside else None,
            "as_usual": not row.differs(metric) if row.difference(metric) else None,
        }
        for row in found.quality.rows
        for metric, record in row.these.items()
    ]


def _print(found: ComponentDay) -> None:
    section, *others = found.sections
    OUTPUT.print(f"{section.title}: {found.headline}", style="bold", markup=False, highlight=False)
    for told in found.told:
        OUTPUT.print(told, markup=False, highlight=False)
    OUTPUT.print(_drawn(section) if section.rows else section.empty)
    if found.brackets:
        OUTPUT.print(found.brackets, style="dim", markup=False, highlight=False)
    for each in others:
        OUTPUT.print(each.title, style="bold", markup=False, highlight=False)
        OUTPUT.print(_drawn(each))
        OUTPUT.print(each.note, style="dim", markup=False, highlight=False)


def _drawn(section: Listing) -> Table:
    drawn = table(*section.headings)
    for row in section.rows:
        drawn.add_row(*map(cell, row))
    return drawn
