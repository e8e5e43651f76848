"""Runs nights in this process, recorded in the Dagster instance as any other run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.tags import REPOSITORY_LABEL_TAG

from assets.progress import heard_by
from jobs.composition import compose
from jobs.deadline import Deadline, deadline
from jobs.event_log import event_log_open
from jobs.instance import open_instance
from jobs.interruption import Wish, cancel_runs, noticed
from jobs.judged_anyway import judge_anyway
from jobs.lost_runs import LostRun, fail_lost_runs
from jobs.night_span import night_span
from jobs.nightly import job_name
from jobs.repository import REPOSITORY
from jobs.run_days import RANGE, days_of_run
from jobs.stage_failure import StageFailure, stage_failure, stage_name
from obs_dagster.alerts import report_failure
from obs_dagster.file_lock import hold, release
from obs_dagster.history import History
from obs_dagster.lake.leftovers import claimed
from obs_dagster.monitor import Monitor
from obs_dagster.reports.evidently_ahead import forget_ahead
from obs_dagster.settings import Settings

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
    """What came of a run.

    Attributes:
        run_id: the run.
        success: whether nothing failed.
        failures: what did.
        judged: whether rules were evaluated: the days have a verdict then, whatever else failed.
        lost: earlier runs that were found to have lost their process; they have failed now.
    """

    run_id: str
    success: bool
    failures: tuple[StageFailure, ...]
    lost: tuple[LostRun, ...] = ()
    judged: bool = True


def run_nights(
    monitor: Monitor,
    first: dt.date,
    last: dt.date,
    *,
    settings: Settings | None = None,
    progress: Callable[[StageEvent], None] = lambda _: None,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
    recorded: InstanceRef | None = None,
) -> NightsRun:
    """Evaluate the days from `first` to `last`, both included, as one run.

    Runs that lost their process are failed first. A failure goes to the outbox, as that of any run does.

    Args:
        monitor: the monitor.
        first: the first day; it must be one of the monitor's partitions.
        last: the last day.
        settings: where the instance is; left out: as the environment says.
        progress: told when a stage begins, goes on with its days and ends.
        tags: of the run, beside those that say which days it is about.
        run_id: of the run, a UUID; left out: a new one.
        recorded: the instance that records it; left out: the home's.

    Returns:
        The outcome; a stage that fails is part of it, and no exception.

    Raises:
        KeyboardInterrupt: somebody pressed Ctrl-C; the run is cancelled and has not failed. The text says so.
    """
    settings = settings or Settings()
    job = compose({monitor.model: monitor}).resolve_job_def(job_name(monitor))
    stages, run_id = len(job.nodes), run_id or str(uuid4())

    def heard(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.step_key is not None and event.event_type in _OUTCOMES:
            outcome = _OUTCOMES[event.event_type]
            wish.heed(failed=outcome == "failed")
            if not wish:
                progress(StageEvent(stage_name(monitor, event.step_key), outcome, stages))

    def going(stage: str, done: int, days: int) -> None:
        progress(StageEvent(stage, "going", stages, done, days))

    described = {REPOSITORY_LABEL_TAG: REPOSITORY, **(tags or {})}
    if first != last:
        described |= {f"{RANGE}_start": first.isoformat(), f"{RANGE}_end": last.isoformat()}
    with (
        open_instance(settings, recorded) as instance,
        heard_by(going),
        claimed(settings.lake_root),
        noticed() as pressed,
    ):
        lost = fail_lost_runs(instance, settings, {monitor.model: monitor})
        instance.add_event_listener(run_id, heard)
        try:
            with _running(instance, settings, monitor, run_id) as limit, event_log_open(instance, run_id):
                wish = Wish(instance, run_id, pressed, limit)
                with night_span(run_id, monitor.model, _days(first, last)) as span:
                    result = job.execute_in_process(
                        instance=instance,
                        run_id=run_id,
                        partition_key=first.isoformat() if first == last else None,
                        # by this the UI takes it for a run of the job, and shows it there
                        tags=described,
                        raise_on_error=False,
                        # what happens is shown by `progress`, what failed is in the result
                        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    )
                    span.failed("not every stage succeeded", when=not result.success)
        except KeyboardInterrupt:
            # so early that Dagster did not take notice of it
            cancel_runs(instance, [run_id])
            raise KeyboardInterrupt(_interrupted(monitor, first, last)) from None
        # a run that failed before its report has begun pages that nobody comes for
        forget_ahead()
        if wish and result.dagster_run.status is not dg.DagsterRunStatus.FAILURE:
            raise KeyboardInterrupt(_interrupted(monitor, first, last, finished=result.success))
        failures = [
            stage_failure(monitor, event)
            for event in result.all_events
            if event.event_type is dg.DagsterEventType.STEP_FAILURE
        ]
        succeeded = {
            stage_name(monitor, event.step_key or "")
            for event in result.all_events
            if event.event_type is dg.DagsterEventType.STEP_SUCCESS
        }
        if not result.success:
            failures = failures or [StageFailure("run", "It was ended from outside.", "")]
            if limit.passed.is_set():
                failures = [StageFailure("run", _too_long(limit), "")]
            judge_anyway(monitor, succeeded, last, run_id, settings)
            _report(instance, settings, monitor, run_id, failures)
    return NightsRun(run_id, result.success, tuple(failures), tuple(lost), "alerts" in succeeded)


@contextmanager
def _running(
    instance: dg.DagsterInstance, settings: Settings, monitor: Monitor, run_id: str
) -> Iterator[Deadline]:
    """The run is seen to live for the block, and its time is limited."""

    def last_words() -> None:
        failure = StageFailure("run", _too_long(limit), "")
        run = instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            instance.report_run_failed(run, failure.reason)
        _report(instance, settings, monitor, run_id, [failure])

    hold(settings.run_lock(run_id), monitor.model)
    try:
        with deadline(settings.max_runtime_seconds, last_words) as limit:
            yield limit
    finally:
        release(settings.run_lock(run_id))


def _days(first: dt.date, last: dt.date) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _interrupted(monitor: Monitor, first: dt.date, last: dt.date, *, finished: bool = False) -> str:
    days = _days(first, last)
    if finished:
        return f"Interrupted after {monitor.model}, {days}, was evaluated."
    return f"Interrupted: {monitor.model}, {days}, is cancelled; running the same again completes it."


def _too_long(limit: Deadline) -> str:
    return (
        f"It lasted longer than {limit.seconds:g} seconds and was ended. Set OBS_MAX_RUNTIME_SECONDS to let "
        "runs last longer, or 0 for as long as they like."
    )


def _report(
    instance: dg.DagsterInstance,
    settings: Settings,
    monitor: Monitor,
    run_id: str,
    failures: list[StageFailure],
) -> None:
    """Put the failure into the outbox: nobody may be looking at the terminal, and Dagster's sensors don't."""
    run = instance.get_run_by_id(run_id)
    with History.open(settings.history_url) as history:
        report_failure(
            history,
            model=monitor.model,
            run_id=run_id,
            partition=days_of_run(run.tags) if run is not None else "",
            error="; ".join(f"{each.stage}: {each.reason}" for each in failures),
            owner=monitor.owner,
            now=dt.datetime.now(dt.UTC),
        )
