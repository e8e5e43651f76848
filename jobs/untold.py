"""Nights that failed without a run to tell of it: their process died, or their monitor cannot be loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import dagster as dg

from jobs.lost_runs import fail_lost_runs
from jobs.night_workers import Evaluated
from obs_dagster.alerts import report_failure
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings


def tell_untold(
    done: Iterable[Evaluated], instance: dg.DagsterInstance, monitors: Mapping[str, Monitor]
) -> None:
    """Put what nobody has told yet of failed nights into the outbox.

    Args:
        done: nights; of those whose run is recorded, the run tells.
        instance: where runs are recorded.
        monitors: known monitors by model, for the owners.
    """
    failed = [each for each in done if not each.success]
    if not failed:
        return
    fail_lost_runs(instance, Settings(), monitors)
    with History.open(Settings().history_url) as history:
        for each in failed:
            if instance.get_run_by_id(each.run_id) is None:
                model = each.due.model
                report_failure(
                    history,
                    model=model,
                    run_id=each.run_id,
                    partition=str(each.due.day),
                    error=each.why,
                    owner=monitors[model].owner if model in monitors else "",
                    now=dt.datetime.now(dt.UTC),
                )
