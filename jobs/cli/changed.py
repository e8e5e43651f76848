"""Which days `obs backfill --changed` evaluates again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jobs.cli.console import ERRORS

if TYPE_CHECKING:
    from obs_dagster.monitor import Monitor
    from obs_dagster.sources.changed_logs import ChangedDay

_MOST_NAMED = 10


def changed_spans(
    monitor: Monitor, first: dt.date, last: dt.date, *, removed: bool
) -> list[tuple[dt.date, dt.date]]:
    """The days whose log has changed since it was read, as first and last day of each span; says which.

    Args:
        monitor: the monitor.
        first: only days from this one on.
        last: only days up to this one.
        removed: also days whose log is gone; nothing is left of them then.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.changed_logs import changed_days, really_changed
    from obs_dagster.sources.day_spans import spans

    lake = Lake(Settings().lake_root)
    found = [
        each
        for each in changed_days(monitor, lake, first, last, also_unreadable=True)
        if really_changed(monitor, lake, each)
    ]
    kept = [] if removed else [each for each in found if each.kind == "gone"]
    again = [each for each in found if each not in kept]
    if not again:
        ERRORS.print(f"Every day's log of {monitor.model} is as it was evaluated.", highlight=False)
    _tell(again)
    if kept:
        ERRORS.print("Not evaluated again (--removed does, and loses what they were):", highlight=False)
        _tell(kept)
    return spans([each.day for each in again])


def spans_with_rows(monitor: Monitor, days: Iterable[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Days to evaluate, as first and last day of each span, but for those whose rows were removed.

    It says which these are: what was evaluated of them is all that is left, and no other day has to do
    without its night for that.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.day_spans import spans
    from obs_dagster.sources.ingest import LOGS
    from obs_dagster.sources.purged import purged_on

    logs = Lake(Settings().lake_root).table(monitor.model, LOGS)
    every = list(days)
    purged = [day for day in every if purged_on(logs.readable(day))]
    if purged:
        more = f" and {len(purged) - _MOST_NAMED} more" if len(purged) > _MOST_NAMED else ""
        told = f"{', '.join(map(str, purged[:_MOST_NAMED]))}{more}"
        ERRORS.print(
            f"Not evaluated again, for their rows were removed (retention.logs): {told}.",
            highlight=False,
            soft_wrap=True,
        )
    return spans([day for day in every if day not in purged])


def refuse_if_purged(monitor: Monitor, day: dt.date) -> None:
    """Let nobody who asks for a single day take it for evaluated.

    Raises:
        PurgedError: its rows were removed.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.settings import Settings
    from obs_dagster.sources.ingest import LOGS
    from obs_dagster.sources.purged import refuse_purged

    refuse_purged(monitor, day, Lake(Settings().lake_root).table(monitor.model, LOGS).readable(day))


def _tell(days: list[ChangedDay]) -> None:
    for each in days[:_MOST_NAMED]:
        ERRORS.print(f"  {each}", markup=False, highlight=False)
    if len(days) > _MOST_NAMED:
        ERRORS.print(f"  and {len(days) - _MOST_NAMED} more", highlight=False)
