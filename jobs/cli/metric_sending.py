"""`obs metrics send`: the present values of all models to every place of `OBS_EXPORTS`, now."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import typer

from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.failure import FAILED, UsageError
from jobs.cli.records import Format, FormatOption, emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from obs_dagster.exports.send import Sent

_SECONDS = 300.0
"""A person may wait for the days of a first time longer than a night does."""


def send(chosen: FormatOption = Format.TABLE) -> None:
    """Send the present values of all models, and days that have changed, to every place of OBS_EXPORTS."""
    from obs_dagster.exports.send import Sent, send_due
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    settings = Settings()
    if not settings.exports:
        raise UsageError(
            "OBS_EXPORTS names no place.", remedy="For example OBS_EXPORTS=graphite://graphite.example:2003."
        )
    with History.open(settings.history_url) as history:
        sent = send_due(settings, history, dt.datetime.now(dt.UTC), everything=True, seconds=_SECONDS)
    if chosen is Format.TABLE:
        _print(sent)
    else:
        emit([asdict(each) for each in sent], [field.name for field in fields(Sent)], chosen)
    if any(each.error for each in sent):
        raise typer.Exit(FAILED)


def _print(sent: Sequence[Sent]) -> None:
    rows = table("", "place", "samples", "days", "error")
    for each in sent:
        status = cell("fail", "bold red") if each.error else cell("ok", "green")
        rows.add_row(status, each.label, cell(each.samples), cell(each.days), cell(each.error))
    OUTPUT.print(rows)
