"""Runs nights in this process, recorded in the Dagster instance as any other run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import dagster as dg

from assets.progress import heard_by
from jobs.definitions import compose
from jobs.event_log import event_log_open
from jobs.instance import open_instance
from jobs.nightly import job_name
from jobs.stage_failure import StageFailure, stage_failure, stage_name
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings

_RANGE = "dagster/asset_partition_range"

Outcome = Literal["started", "going", "done", "failed"]

_OUTCOMES: dict[dg.DagsterEventType, Outcome] = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.STEP_SUCCESS: "done",
    dg.DagsterEventType.STEP_FAILURE: "failed",
}


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A stage of the run began, went on or ended.

    Attributes:
        stage: the stage, as in the asset key.
        outcome: what happened to it.
        stages: how many stages the run has.
        done, days: of a stage that goes on, how many days are done, and of how many.
    """

    stage: str
    outcome: Outcome
    stages: int
    done: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class NightsRun:
    """What came of a run."""

    run_id: str
    success: bool
    failures: tuple[StageFailure, ...]


def run_nights(
    monitor: Monitor,
    first: dt.date,
    last: dt.date,
    *,
    settings: Settings | None = None,
    progress: Callable[[StageEvent], None] = lambda _: None,
) -> NightsRun:
    """Evaluate the days from `first` to `last`, both included, as one run.

    Args:
        monitor: the monitor.
        first: the first day; it must be one of the monitor's partitions.
        last: the last day.
        settings: where the instance is; left out: as the environment says.
        progress: told when a stage begins, goes on with its days and ends.

    Returns:
        The outcome; a stage that fails is part of it, and no exception.
    """
    job = compose({monitor.model: monitor}).resolve_job_def(job_name(monitor))
    stages, run_id = len(job.nodes), str(uuid4())

    def heard(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.step_key is not None and event.event_type in _OUTCOMES:
            outcome = _OUTCOMES[event.event_type]
            progress(StageEvent(stage_name(monitor, event.step_key), outcome, stages))

    def going(stage: str, done: int, days: int) -> None:
        progress(StageEvent(stage, "going", stages, done, days))

    tags = {f"{_RANGE}_start": first.isoformat(), f"{_RANGE}_end": last.isoformat()}
    with open_instance(settings or Settings()) as instance, heard_by(going):
        instance.add_event_listener(run_id, heard)
        with event_log_open(instance, run_id):
            result = job.execute_in_process(
                instance=instance,
                run_id=run_id,
                partition_key=first.isoformat() if first == last else None,
                tags=None if first == last else tags,
                raise_on_error=False,
                # what happens is shown by `progress`, what failed is in the result
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
    failures = [
        stage_failure(monitor, event)
        for event in result.all_events
        if event.event_type is dg.DagsterEventType.STEP_FAILURE
    ]
    return NightsRun(run_id, result.success, tuple(failures))
