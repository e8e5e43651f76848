"""Which days `obs backfill --changed` evaluates again."""

from __future__ import annotations

import datetime as dt
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
    from obs_dagster.sources.changed_logs import changed_days, spans

    lake = Lake(Settings().lake_root)
    found = list(changed_days(monitor, lake, first, last, also_unreadable=True))
    kept = [] if removed else [each for each in found if each.kind == "gone"]
    again = [each for each in found if each not in kept]
    if not again:
        ERRORS.print(f"Every day's log of {monitor.model} is as it was evaluated.", highlight=False)
    _tell(again)
    if kept:
        ERRORS.print("Not evaluated again (--removed does, and loses what they were):", highlight=False)
        _tell(kept)
    return spans([each.day for each in again])


def _tell(days: list[ChangedDay]) -> None:
    for each in days[:_MOST_NAMED]:
        ERRORS.print(f"  {each}", markup=False, highlight=False)
    if len(days) > _MOST_NAMED:
        ERRORS.print(f"  and {len(days) - _MOST_NAMED} more", highlight=False)
