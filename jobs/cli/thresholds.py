"""`obs thresholds`: precision, recall and costs at other thresholds than the one that was served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.cli import days
from jobs.cli.choice import Model, OnlyVersions, find_monitor
from jobs.cli.completion import complete_segment
from jobs.cli.console import OUTPUT
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, console_for, emit
from jobs.cli.stored_night import last_day, night_of

if TYPE_CHECKING:
    from obs_dagster.evaluation.thresholds import CellThresholds
    from obs_dagster.metrics.record import Estimate
    from obs_dagster.monitor import Monitor
    from obs_dagster.tasks.binary.thresholds import AtThreshold

_MEASURES = ("positive_share", "precision", "recall", "f1", "cost")
_COLUMNS = (
    "version",
    "segment",
    "threshold",
    *(f"{name}{end}" for name in _MEASURES for end in ("", "_low", "_high")),
    "error",
    "n",
)


def thresholds(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    day: days.Shown = None,
    window: Annotated[
        int | None,
        typer.Option(min=1, max=366, help="So many days to that one; left out: the longest window."),
    ] = None,
    version: OnlyVersions = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(
            help="These cells, by column or value: origin, origin=JFK (repeatable); left out: all rows.",
            autocompletion=complete_segment,
        ),
    ] = None,
    at: Annotated[
        list[float] | None, typer.Option(min=0, max=1, help="This threshold (repeatable); left out: some.")
    ] = None,
    false_positive: Annotated[
        float | None, typer.Option(min=0, help="Another price than the monitor's.")
    ] = None,
    false_negative: Annotated[
        float | None, typer.Option(min=0, help="Another price than the monitor's.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a page with charts into this file.")] = None,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Show what decisions at other thresholds would have been worth, and at which errors cost least."""
    from obs_dagster.evaluation.thresholds import cell_thresholds
    from obs_dagster.profile.cells import is_cell

    monitor = _priced(find_monitor(model), false_positive, false_negative)
    night = night_of(monitor)
    last, length = last_day(monitor, night, day), window or max(monitor.windows)

    def wanted(of: str, cell: str) -> bool:
        return (not version or of in version) and any(is_cell(each, cell) for each in segment or ("*",))

    cells = list(cell_thresholds(night, last, length, wanted))
    if not cells:
        raise UsageError(
            f"Nothing of {model} was predicted there.",
            remedy="Leave out --version and --segment to see what there is.",
        )
    rows = [row for each in cells for row in _rows(each, at)]
    if chosen is Format.TABLE:
        _print(cells, rows, monitor)
    else:
        emit(rows, list(_COLUMNS), chosen, output=output)
    if plot is not None:
        from obs_dagster.lake.lake import replacing
        from obs_dagster.reports.thresholds import render_thresholds

        with replacing(plot) as aside:
            aside.write_text(render_thresholds(monitor, last, length, cells), encoding="utf-8")
        console_for(chosen).print(f"\nCharts: {plot.absolute()}", highlight=False, soft_wrap=True)


def _priced(monitor: Monitor, false_positive: float | None, false_negative: float | None) -> Monitor:
    """The monitor with the prices that were asked for."""
    from obs_dagster.monitor.costs import NO_COSTS

    asked = {"false_positive": false_positive, "false_negative": false_negative}
    given = {name: price for name, price in asked.items() if price is not None}
    costs = (monitor.costs or NO_COSTS).model_copy(update=given)
    return monitor.model_copy(update={"costs": costs}) if given else monitor


def _rows(cell: CellThresholds, at: list[float] | None) -> list[dict[str, Any]]:
    """What is told of a cell: what was served, and each threshold."""
    usual = at or sorted({*cell.thresholds.usual(), *([cell.best.threshold] if cell.best else [])})
    every = [cell.thresholds.served(), *(cell.thresholds.at(each) for each in sorted(usual))]
    return [_row(cell, each) for each in every]


def _row(cell: CellThresholds, found: AtThreshold) -> dict[str, Any]:
    row: dict[str, Any] = {
        "version": cell.version,
        "segment": cell.segment,
        "threshold": found.threshold,
        "error": found.error,
        "n": cell.thresholds.n,
    }
    for name in _MEASURES:
        estimate: Estimate = getattr(found, name)
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return row


def _print(cells: list[CellThresholds], rows: list[dict[str, Any]], monitor: Monitor) -> None:
    """A table per cell, and what follows from it in words."""
    from jobs.cli.console import table
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.tasks.binary.sections import best_told

    for place, each in enumerate(cells):
        where = "" if each.segment == WHOLE else f", {each.segment}"
        rule = "\n" if place else ""
        OUTPUT.print(
            f"{rule}Version {each.version}{where}, {each.thresholds.n:,} labelled rows",
            markup=False,
            highlight=False,
        )
        shown = [name for name in _MEASURES if name != "cost" or each.thresholds.priced]
        drawn = table("threshold", *(name.replace("_", " ") for name in shown))
        for row in rows:
            if (row["version"], row["segment"]) == (each.version, each.segment):
                least = each.best is not None and row["threshold"] == each.best.threshold
                name = "served" if row["threshold"] is None else f"{row['threshold']:.4g}{' *' * least}"
                drawn.add_row(name, *(_cell(row, measure) for measure in shown))
        OUTPUT.print(drawn)
        for line in best_told(each.thresholds.served(), each.best, monitor):
            OUTPUT.print(line, markup=False, highlight=False)
    if not cells[0].thresholds.priced:
        OUTPUT.print(
            "\nWith the prices of errors (`costs:` in the monitor, or --false-positive and "
            "--false-negative) it says at which threshold they cost least.",
            markup=False,
            highlight=False,
        )


def _cell(row: dict[str, Any], name: str) -> str:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None:
        return "–"  # noqa: RUF001  a dash means no value
    return f"{value:.3f}" if low is None else f"{value:.3f} ±{max(high - value, value - low):.3f}"
