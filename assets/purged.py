"""Days of a run whose rows were removed when their time was over: they stay as they were evaluated.

Whoever repeats a range of days need not know which they are: the others are evaluated, and the partitions of
these say what became of them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from assets.partitions import days_of, leaving_out
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.purged import purged_on


def without_purged(
    monitor: Monitor, checks: Sequence[dg.AssetCheckSpec], function: Callable[..., Any]
) -> Callable[..., Any]:
    """The function of a stage with a partition per day, which is not asked about days without rows."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        context = dg.AssetExecutionContext.get()
        logs = Lake(Settings().lake_root).table(monitor.model, LOGS)
        days = days_of(context)
        since = {day: on for day in days if (on := purged_on(logs.readable(day)))}
        if not since:
            return function(*args, **kwargs)
        for day, on in since.items():
            told = f"skipped: its rows were removed on {on} (retention.logs); what was evaluated stays"
            context.log.info("%s: %s", day, told)
            context.add_asset_metadata({"what to know": told}, partition_key=day.isoformat())
        if len(since) < len(days):
            with leaving_out(since):
                return function(*args, **kwargs)
        return dg.MaterializeResult(check_results=[_skipped(each) for each in checks])

    return run


def _skipped(check: dg.AssetCheckSpec) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=True,
        description="Skipped: the rows of all days of this run were removed (retention.logs).",
    )
