"""`obs explain-plan`: where each stage of a night runs, what a warehouse is asked, and what comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.cli import days
from jobs.cli.choice import Model, find_monitor
from jobs.cli.console import OUTPUT, cell
from jobs.cli.failure import UsageError

if TYPE_CHECKING:
    from obs_dagster.evaluation.night_step import Step

_LINES = 8
"""Of a query that a terminal has room for."""


def explain_plan(
    model: Model,
    day: Annotated[
        str | None,
        typer.Option(
            parser=days.parse_day,
            metavar=days.METAVAR,
            help="The day whose night it is; left out: the last one that is over.",
            autocompletion=days.complete_day,
        ),
    ] = None,
    *,
    run: Annotated[
        bool, typer.Option("--run", help="Ask the warehouse, to say how much comes back, and how fast.")
    ] = False,
    sql: Annotated[
        Path | None, typer.Option(help="Write each query, whole, into a file of this folder.")
    ] = None,
) -> None:
    """Show where each stage of a night runs, what SQL a warehouse gets for it, and what comes back."""
    from obs_dagster.evaluation.night_plan import night_plan
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings

    monitor = find_monitor(model)
    last = days.last_legal(monitor)
    asked = last if day is None else days.day_of(monitor, day, lambda: last)
    steps = night_plan(monitor, asked, Lake(Settings().lake_root), run=run)
    _line(f"The night of {asked} of {monitor.model} ({monitor.time_zone}), engine {monitor.engine.kind}")
    for number, step in enumerate(steps, start=1):
        _print(number, step, run=run)
    if sql is not None:
        _write(steps, sql)


def _print(number: int, step: Step, *, run: bool) -> None:
    OUTPUT.print()
    OUTPUT.print(cell(f"{number} {step.stage}", "bold"))
    _line(f"  runs        {step.where}")
    _line(f"  does        {step.does}")
    _line(f"  comes back  {step.back}")
    for place, query in enumerate(step.asked, start=1):
        answer = f": {query.rows:,} rows in {query.seconds:.2f} s" if run and query.rows is not None else ""
        _line(f"  query {place} of {len(step.asked)}{answer}")
        lines = query.sql.splitlines()
        for text in lines[:_LINES]:
            OUTPUT.print(cell(f"    {text}", "dim"), soft_wrap=True)
        if len(lines) > _LINES:
            OUTPUT.print(
                cell(f"    … {len(lines) - _LINES:,} lines more; --sql FOLDER writes them all", "dim")
            )


def _write(steps: list[Step], folder: Path) -> None:
    """Write every query into a file that is named by stage and number."""
    from obs_dagster.lake.lake import replacing

    number = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for step in steps:
            for query in step.asked:
                number += 1
                with replacing(folder / f"{number:02}-{step.stage}.sql") as aside:
                    aside.write_text(f"{query.sql};\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error}.", remedy="Name another folder.") from error
    _line(f"\n{number} quer{'y' if number == 1 else 'ies'} in {folder.absolute()}")


def _line(text: str) -> None:
    OUTPUT.print(text, markup=False, highlight=False, soft_wrap=True)
