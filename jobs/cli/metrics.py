"""`obs metrics`: the numbers, for people and for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from jobs.cli import days
from jobs.cli.choice import Model, OnlyVersions, find_monitor, require
from jobs.cli.completion import complete_column, complete_metric, complete_segment
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit
from jobs.cli.unmatched import require_known, tell_unmatched

if TYPE_CHECKING:
    from obs_dagster.history import History
    from obs_dagster.history.current import Selection
    from obs_dagster.metrics.record import MetricRecord
    from obs_dagster.monitor import Monitor

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


_SPAN = 4
"""So many days are told as a range."""

_FILTERS = {
    "version": "versions",
    "segment": "segments",
    "column": "columns",
    "metric": "metrics",
    "window": "windows",
    "day": "days",
}
"""What options are called in a selection of records."""


def metrics(  # noqa: PLR0917  Typer reads options by name
    model: Model,
    day: Annotated[str | None, days.option("--day", "Only this day")] = None,
    first: Annotated[str | None, days.option("--from", "First day")] = None,
    last: Annotated[str | None, days.option("--to", "Last day")] = None,
    version: OnlyVersions = None,
    segment: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this segment, like origin=JFK or * (repeatable).", autocompletion=complete_segment
        ),
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Only this column (repeatable).", autocompletion=complete_column)
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Only this metric (repeatable).", autocompletion=complete_metric)
    ] = None,
    window: Annotated[
        list[int] | None, typer.Option(help="Only windows of so many days (repeatable).")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            parser=days.parse_moment,
            metavar="MOMENT",
            help="What was known then: the end of a day (YYYY-MM-DD), or a moment (2024-03-05T06:00Z).",
        ),
    ] = None,
    chosen: FormatOption = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file.")] = None,
) -> None:
    """Print metrics of a model, each with its interval and the rows behind it."""
    from obs_dagster.history import History
    from obs_dagster.metrics.record import MetricRecord
    from obs_dagster.metrics.registry import definitions
    from obs_dagster.settings import Settings

    monitor = find_monitor(model)
    for name in metric or []:
        require(name, definitions(), "metric")

    with History.open(Settings().history_url) as history:
        wanted = _selection(monitor, history, day, first, last)
        wanted["versions"], wanted["segments"] = version or None, segment or None
        wanted["columns"], wanted["metrics"] = column or None, metric or None
        wanted["windows"] = window or None
        wanted["as_of"] = days.moment_of(monitor, as_of) if as_of else None
        if chosen is Format.PARQUET:
            table = history.metrics_table(model, **wanted)
            found = {option: set(map(str, table[option].unique().to_pylist())) for option in _FILTERS}
            rows = []
        else:
            records = history.metrics(model, **wanted)
            found = {option: {str(getattr(each, option)) for each in records} for option in _FILTERS}
            rows = [each.as_dict() for each in records]
            if chosen is Format.TABLE:
                rows = _for_reading(monitor, history, records)
        _look_for_others(history, model, wanted, found)
    emit(
        rows,
        [field.name for field in fields(MetricRecord)],
        chosen,
        output=output,
        shown=_SHOWN,
        arrow=lambda: table,
    )


def _for_reading(monitor: Monitor, history: History, records: Sequence[MetricRecord]) -> list[dict[str, Any]]:
    """Records without an error where there is none, and with what is to be known of a value as its reason."""
    from obs_dagster.verdict.immature import beside, immaturity

    days = [each.day for each in records] or [dt.date.min]
    last = max((night.day for night in history.nights(monitor.model)), default=max(days))
    found = history.metrics(monitor.model, metrics=beside(monitor), first=min(days), last=max(days))
    told = immaturity(monitor, found, last)
    return [
        each.as_dict() | {"error": each.error or None, "reason": each.reason or told(each)}
        for each in records
    ]


def _selection(
    monitor: Monitor, history: History, day: str | None, first: str | None, last: str | None
) -> Selection:
    """The days that are wanted."""

    def latest() -> dt.date:
        return max((night.day for night in history.nights(monitor.model)), default=days.last_legal(monitor))

    if day is not None and (first is not None or last is not None):
        raise UsageError(
            "--day is one day, --from and --to are several.", remedy="Give the one or the others."
        )
    begin, end = (
        None if asked is None else days.day_of(monitor, asked, latest)
        for asked in (day or first, day or last)
    )
    if begin is not None and end is not None and begin > end:
        raise UsageError(f"{begin} is after {end}.", remedy="Write the earlier day first.")
    return {"first": begin, "last": end}


def _look_for_others(
    history: History, model: str, wanted: Selection, found: Mapping[str, Collection[str]]
) -> None:
    """Say what there is of filters that match nothing.

    Raises:
        UsageError: a version, a segment, … is wanted that no record of the model is of.
    """
    given = cast("Mapping[str, Collection[object] | None]", wanted)
    chosen: dict[str, list[str] | None] = {
        option: [str(each) for each in given.get(key) or ()] for option, key in _FILTERS.items()
    }

    def there(option: str, others: Selection) -> list[str]:
        return [str(each) for each in history.metric_values(model, option, **others)]

    require_known(chosen, found, lambda option: there(option, {}))
    if any(found.values()):
        return
    bounds = [each for each in (wanted.get("first"), wanted.get("last")) if each is not None]
    if bounds:
        chosen["day"] = [str(each) for each in bounds]

    def without(option: str) -> list[str]:
        dropped = ("first", "last") if option == "day" else (_FILTERS[option],)
        others = cast("Selection", {key: value for key, value in wanted.items() if key not in dropped})
        names = there(option, others)
        return names if option != "day" or len(names) < _SPAN else [f"{names[0]} to {names[-1]}"]

    tell_unmatched("metrics", chosen, without)
