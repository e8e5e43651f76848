"""`obs alerts routes`: where an alert would go."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from jobs.cli.choice import find_monitor, require
from jobs.cli.completion import complete_model
from jobs.cli.failure import UsageError
from jobs.cli.records import Format, FormatOption, emit

_COLUMNS = ("channel", "route")
_NO_ROUTE = {"channel": "log://", "route": "no route takes it: the log gets it"}


def routes(  # noqa: PLR0917  Typer reads options by name
    model: Annotated[str, typer.Argument(help="The model.", autocompletion=complete_model)],
    severity: Annotated[str, typer.Option(help="How bad the alert is.")] = "critical",
    owner: Annotated[str | None, typer.Option(help="Who owns it; left out: the monitor's owner.")] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="A label of its rule, or `rule=NAME`, `segment=CELL` and so on (repeatable).",
            metavar="NAME=VALUE",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="When it is told, in the monitor's time zone; left out: now.", metavar="[DAY ]HH:MM"
        ),
    ] = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """Show where an alert would go, by the routes of the monitor."""
    from obs_dagster.monitor.escalation import SEVERITIES, Severity
    from obs_dagster.monitor.routing import Notice, destinations, told

    monitor = find_monitor(model)
    grave: dict[str, Severity] = {each: each for each in SEVERITIES}
    require(severity, grave, "severity")
    notice = Notice(
        severity=grave[severity],
        model=model,
        owner=monitor.owner if owner is None else owner,
        at=_moment(at, dt.datetime.now(monitor.zone)),
        labels=dict(map(_label, label or ())),
    )
    found = [
        {"channel": route.label, "route": told(way)} for way, route in destinations(monitor.routes, notice)
    ]
    emit(found or [_NO_ROUTE], _COLUMNS, chosen)


def _moment(written: str | None, now: dt.datetime) -> dt.datetime:
    """`HH:MM` of today, or of the day before it."""
    if written is None:
        return now
    day, _, time = written.strip().rpartition(" ")
    try:
        on = dt.date.fromisoformat(day) if day else now.date()
        return dt.datetime.combine(on, dt.time.fromisoformat(time), tzinfo=now.tzinfo)
    except ValueError:
        raise UsageError(f"{written!r} is no time.", remedy="Write HH:MM, or YYYY-MM-DD HH:MM.") from None


def _label(written: str) -> tuple[str, str]:
    name, separator, value = written.partition("=")
    if not separator:
        raise UsageError(f"{written!r} is no label.", remedy="Write NAME=VALUE.")
    return name, value
