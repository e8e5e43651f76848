"""Runs whose process is gone: they are failed, so that they hold up no later night, and people are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.dagster_run import RunRecord

from jobs.run_days import days_of_run
from obs_dagster.alerts import report_failure
from obs_dagster.file_lock import is_held, sweep_unseen
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

GRACE = dt.timedelta(minutes=5)
"""Time that a run of the daemon has until its process must be seen."""

EVERY_MODEL = "*"
"""What stands in the file of a run that is not about one model."""

_STATUSES = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_MODEL = "obs/model"
_LAUNCHED = ".dagster/grpc_info"
"""The tag of runs that Dagster's default launcher has started; it cannot tell whether they live."""

_REASON = (
    "The process of this run is gone: it was killed, ran out of memory, or its machine went down. "
    "What it had finished stays; running the days again completes them."
)


_LOST = Event(
    "obs_dagster.nights",
    "run lost its process",
    "error",
    "A run was killed, ran out of memory, or its machine went down; it has failed now.",
    {"run_id": "the run", "model": "the model", "days": "the day, or the first and the last one"},
)


@dataclass(frozen=True, slots=True)
class LostRun:
    """A run that was failed because its process is gone."""

    run_id: str
    model: str
    days: str


def fail_lost_runs(
    instance: dg.DagsterInstance,
    settings: Settings,
    monitors: Mapping[str, Monitor] | None = None,
    *,
    now: dt.datetime | None = None,
) -> list[LostRun]:
    """Fail every run that is thought to go on and whose process is gone; each goes to the outbox, once.

    A run's process holds a file of the home for as long as it lives. A run that nobody can be seen to hold is
    left alone if its process may live elsewhere, as with another home or a launcher that sees it run.

    Args:
        instance: where the runs are recorded.
        settings: the home and the history store.
        monitors: known monitors by model, for the owners.
        now: the present; left out: the clock's.
    """
    now = now or dt.datetime.now(dt.UTC)
    found = []
    for record, model in _lost(instance, settings, now):
        run = record.dagster_run
        lost = LostRun(run.run_id, model, days_of_run(run.tags))
        if run.status is dg.DagsterRunStatus.CANCELING:
            # somebody wanted it to end
            instance.report_run_canceled(run, "Its process is gone.")
        else:
            _LOST(run_id=lost.run_id, model=model, days=lost.days)
            owner = monitors[model].owner if monitors and model in monitors else ""
            if model != EVERY_MODEL:
                # the nights that it had begun are lost runs of their own
                _tell(settings, lost, owner, now)
            instance.report_run_failed(run, _REASON)
            found.append(lost)
    _tidy(instance, settings.run_lock(""))
    return found


def _tidy(instance: dg.DagsterInstance, folder: Path) -> None:
    """Remove the files of runs that have ended, whose processes leave them behind."""
    sweep_unseen(folder)
    for file in folder.glob("[!.]*"):
        with suppress(FileNotFoundError):
            if is_held(file):
                continue
            run = instance.get_run_by_id(file.name)
            if run is None or run.is_finished:
                file.unlink()


def _tell(settings: Settings, lost: LostRun, owner: str, now: dt.datetime) -> None:
    with History.open(settings.history_url) as history:
        report_failure(
            history,
            model=lost.model,
            run_id=lost.run_id,
            partition=lost.days,
            error=_REASON,
            owner=owner,
            now=now,
        )


def _lost(
    instance: dg.DagsterInstance, settings: Settings, now: dt.datetime
) -> Iterator[tuple[RunRecord, str]]:
    for record in instance.get_run_records(dg.RunsFilter(statuses=_STATUSES)):
        run = record.dagster_run
        file = settings.run_lock(run.run_id)
        model = run.tags.get(_MODEL) or _written(file)
        if not model or not _is_gone(file, record, now) or _is_run_elsewhere(instance, run):
            continue
        # a run that ends says so before its file is let go
        again = instance.get_run_record_by_id(run.run_id)
        if again is not None and not again.dagster_run.is_finished:
            yield again, model


def _is_gone(file: Path, record: RunRecord, now: dt.datetime) -> bool:
    try:
        return not is_held(file)
    except FileNotFoundError:
        # of a run that the default launcher has started, and whose process was killed before its first stage
        run = record.dagster_run
        late = now - record.update_timestamp.replace(tzinfo=dt.UTC) > GRACE
        return late and run.status is dg.DagsterRunStatus.STARTED and _LAUNCHED in run.tags


def _is_run_elsewhere(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a launcher that looks after its runs sees it run: locks may end at a machine."""
    launcher = instance.run_launcher
    if not launcher.supports_check_run_worker_health:
        return False
    return launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING


def _written(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
