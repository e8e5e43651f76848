"""`obs alerts undelivered`: what no channel has taken yet, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields

from jobs.cli.choice import OnlyModel, find_monitor
from jobs.cli.console import OUTPUT
from jobs.cli.records import Format, FormatOption, emit

_SHOWN = ("key", "label", "attempts", "next_attempt_at", "last_error")


def undelivered(
    model: OnlyModel = None,
    chosen: FormatOption = Format.TABLE,
) -> None:
    """List the notifications that a channel has not taken yet, the oldest first."""
    from obs_dagster.alerts import Undelivered
    from obs_dagster.alerts import undelivered as waiting
    from obs_dagster.history import History
    from obs_dagster.settings import Settings

    if model is not None:
        find_monitor(model)
    with History.open(Settings().history_url) as history:
        found = [asdict(each) for each in waiting(history) if model in (None, each.model)]
    if chosen is Format.TABLE:
        for each in found:
            each["next_attempt_at"] = _told(each["next_attempt_at"])
    if found or chosen is not Format.TABLE:
        emit(found, [field.name for field in fields(Undelivered)], chosen, shown=_SHOWN)
    else:
        OUTPUT.print("All notifications are delivered.", highlight=False)


def _told(moment: dt.datetime | None) -> str:
    return "not tried yet" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
