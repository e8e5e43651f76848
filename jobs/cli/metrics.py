"""`obs metrics`: the numbers, for people and for programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.cli.choice import Model, find_monitor, parse_day, require
from jobs.cli.records import Format, emit

_SHOWN = (
    "day",
    "window",
    "version",
    "segment",
    "column",
    "metric",
    "value",
    "low",
    "high",
    "error",
    "n",
    "reason",
)


def metrics(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    first: Annotated[
        dt.date | None, typer.Option("--from", parser=parse_day, metavar="YYYY-MM-DD", help="First day.")
    ] = None,
    last: Annotated[
        dt.date | None, typer.Option("--to", parser=parse_day, metavar="YYYY-MM-DD", help="Last day.")
    ] = None,
    version: Annotated[list[str] | None, typer.Option(help="Only this version (repeatable).")] = None,
    segment: Annotated[
        list[str] | None, typer.Option(help="Only this segment, like origin=JFK or * (repeatable).")
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="Only this column (repeatable).")] = None,
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric (repeatable).")] = None,
    window: Annotated[
        list[int] | None, typer.Option(help="Only windows of so many days (repeatable).")
    ] = None,
    chosen: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print metrics of a model, each with its interval and the rows behind it."""
    from obs_dagster.history import History
    from obs_dagster.history.current import Selection
    from obs_dagster.metrics.record import MetricRecord
    from obs_dagster.metrics.registry import definitions
    from obs_dagster.settings import Settings

    find_monitor(model)
    for name in metric or []:
        require(name, definitions(), "metric")
    wanted = Selection(
        first=first,
        last=last,
        versions=version or None,
        segments=segment or None,
        columns=column or None,
        metrics=metric or None,
        windows=window or None,
    )

    def row(record: MetricRecord) -> dict[str, Any]:
        """The record; for reading, without an error where there is none."""
        values = record.as_dict()
        return values | {"error": record.error or None} if chosen is Format.TABLE else values

    with History.open(Settings().history_url) as history:
        emit(
            [] if chosen is Format.PARQUET else [row(each) for each in history.metrics(model, **wanted)],
            [field.name for field in fields(MetricRecord)],
            chosen,
            output=output,
            shown=_SHOWN,
            arrow=lambda: history.metrics_table(model, **wanted),
        )
