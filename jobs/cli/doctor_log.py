"""Whether all rows of logs are accounted for, and the logs are still what was evaluated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.cli.findings import Finding
from obs_dagster.errors import ObsError
from obs_dagster.monitor.whole import WHOLE

if TYPE_CHECKING:
    from obs_dagster.history import History
    from obs_dagster.monitor import Monitor
    from obs_dagster.settings import Settings

_DAYS = 28
_MOST_NAMED = 3


def books(monitor: Monitor, history: History) -> Iterator[Finding]:
    """Whether every row of the last weeks' logs is evaluated, or it is known where it went."""
    records = history.metrics(
        monitor.model, metrics=["rows_unaccounted", "rows_evaluated", "rows_untaken"], segments=[WHOLE]
    )
    newest = max((record.day for record in records), default=None)
    if newest is None:
        return
    recent = [record for record in records if newest - record.day < dt.timedelta(days=_DAYS)]
    lost = [record for record in recent if record.metric == "rows_unaccounted" and record.value]
    days = len({record.day for record in recent})
    untaken = [record for record in recent if record.metric == "rows_untaken" and record.value]
    if untaken and not lost:
        told = ", ".join(f"{record.day}: {record.value:,.0f}" for record in untaken[-_MOST_NAMED:])
        detail = f"rows are of days that do not read their folder ({told}); write `logs.day_of: time`"
        yield Finding(monitor.model, "books", "fail", detail)
    elif lost:
        told = ", ".join(f"{record.day}: {record.value:,.0f}" for record in lost[-_MOST_NAMED:])
        yield Finding(monitor.model, "books", "fail", f"rows are unaccounted ({told}); run these days again")
    else:
        rows = sum(record.n for record in recent if record.metric == "rows_evaluated")
        yield Finding(
            monitor.model,
            "books",
            "ok",
            f"all {rows:,} rows of {days} day{'s' * (days != 1)} are accounted for",
        )


def ids(monitor: Monitor, settings: Settings, history: History) -> Iterator[Finding]:
    """Ids of the last weeks whose rows say different things of one prediction."""
    from obs_dagster.lake.lake import Lake
    from obs_dagster.quality.validated import day_quality

    records = history.metrics(monitor.model, metrics=["conflicting_ids"], segments=[WHOLE])
    newest = max((record.day for record in records), default=None)
    days = [
        each.day for each in records if newest and newest - each.day < dt.timedelta(days=_DAYS) and each.value
    ]
    if days and (found := day_quality(monitor, days[-1], Lake(settings.lake_root))):
        more = f" (and on {len(days) - 1} more days)" if len(days) > 1 else ""
        told = f"{days[-1]}{more}: {found.told_conflicts}. `obs check` says what ids name"
        yield Finding(monitor.model, "ids", "warn", told)


def changed_log(monitor: Monitor, settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Days whose log cannot be read, and those of the last weeks whose log has changed since.

    Of files that have many days nobody knows without reading them whether they have changed.
    """
    from obs_dagster.lake.lake import Lake
    from obs_dagster.monitor.due import last_day
    from obs_dagster.sources.changed_logs import changed_days, really_changed
    from obs_dagster.sources.protocol import source_of
    from obs_dagster.sources.unreadable_log import unreadable_logs

    lake = Lake(settings.lake_root)
    unread = list(unreadable_logs(monitor.model, lake))
    if unread:
        more = f" And those of {len(unread) - 1} more days." if len(unread) > 1 else ""
        yield Finding(monitor.model, "log", "fail", f"{unread[-1].day}: {unread[-1].error}{more}")
    source, last = source_of(monitor.logs), last_day(monitor, now)
    first = last - dt.timedelta(days=_DAYS - 1)
    try:
        if source.of_files and source.days(monitor) is None:
            return
        found = [
            str(each.day)
            for each in changed_days(monitor, lake, first, last)
            if each.kind == "changed" and really_changed(monitor, lake, each)
        ]
    except ObsError as error:
        yield Finding(monitor.model, "log", "fail", str(error))
        return
    if found:
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        told = f"that of {', '.join(found[:_MOST_NAMED])}{more} has changed since it was evaluated"
        yield Finding(monitor.model, "log", "warn", f"{told}; use `obs backfill {monitor.model} --changed`")
