"""What people must know, though a stage failed: rules are evaluated on all that a run did find out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.moved import from_lake
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

_JUDGED = Event(
    "obs_dagster.alerts",
    "rules evaluated without a stage",
    "warning",
    "A stage failed before rules were evaluated; they were, on what the others had found out.",
    {"model": "the model", "run_id": "the run", "day": "its last day", "fired": "newly firing alerts"},
)
#: With any of these there is something to judge by.
_FIND_OUT = frozenset({"data_quality", "drift", "performance", "service_health", "components"})


def judge_anyway(
    monitor: Monitor, succeeded: Collection[str], last: dt.date | None, run_id: str, settings: Settings
) -> None:
    """Evaluate the rules of a run that failed, if its stage `alerts` did not.

    Rules on what the failed stage would have found out know nothing of the day, and stay as they are.

    Args:
        monitor: the monitor.
        succeeded: the stages that did not fail.
        last: the run's last day; None if it names none.
        run_id: the run.
        settings: where the stores are.

    Raises:
        HistoryError: the store cannot be used.
    """
    if last is None or "alerts" in succeeded or not _FIND_OUT.intersection(succeeded):
        return
    with History.open(settings.history_url) as history:
        summary = evaluate_rules(
            monitor,
            history,
            as_of=last,
            now=dt.datetime.now(dt.UTC),
            run_id=run_id,
            moved=from_lake(Lake(settings.lake_root)),
        )
    _JUDGED(model=monitor.model, run_id=run_id, day=str(last), fired=len(summary.fired))
