"""Stages as OpenLineage events, for whoever has set it up."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.partitions import days_of
from obs_dagster.lake.lake import Lake
from obs_dagster.lineage.switch import lineage_wanted
from obs_dagster.monitor import Monitor
from obs_dagster.secrets import scrub
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event

if TYPE_CHECKING:
    from obs_dagster.lineage.emitter import Emitter
    from obs_dagster.lineage.stage_run import StageRun, Tested

_NOT_TOLD = Event(
    "obs_dagster.lineage",
    "lineage not told",
    "warning",
    "What a stage reads and writes could not be put into an event of OpenLineage.",
    {"stage": "the stage", "state": "what happened to it", "why": "why"},
)


def told(
    monitor: Monitor, stage: str, reads: Sequence[str], function: Callable[..., Any]
) -> Callable[..., Any]:
    """The function of a stage, which tells OpenLineage how it begins and ends; it runs whatever that does."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        telling = _telling(monitor, stage, reads) if lineage_wanted() else None
        if telling is None:
            return function(*args, **kwargs)
        telling("started")
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            telling("failed", error)
            raise
        except BaseException:
            telling("aborted")
            raise
        telling("completed", _tests(result))
        return result

    return run


class _Telling:
    """Hands what happens to a stage to the emitter; what goes wrong there is a line in the log."""

    def __init__(self, run: StageRun, emitter: Emitter) -> None:
        self._run, self._emitter = run, emitter

    def __call__(self, what: str, *about: Any) -> None:
        try:
            self._emitter.emit(getattr(self._run, what)(dt.datetime.now(dt.UTC), *about))
        except Exception as error:  # noqa: BLE001  lineage is told beside the night, which goes on
            _NOT_TOLD(stage=self._run.stage, state=what, why=scrub(str(error)))


def _telling(monitor: Monitor, stage: str, reads: Sequence[str]) -> _Telling | None:
    from obs_dagster.lineage.emitter import emitter
    from obs_dagster.lineage.stage_run import StageRun

    found = emitter()
    if found is None:
        return None
    context = dg.AssetExecutionContext.get()
    partitioned = context.has_partition_key or context.has_partition_key_range
    run = StageRun(
        monitor=monitor,
        stage=stage,
        reads=tuple(reads),
        days=days_of(context) if partitioned else (),
        run_id=context.run_id,
        attempt=context.retry_number,
        job=context.job_name,
        lake=Lake(Settings().lake_root),
    )
    return _Telling(run, found)


def _tests(result: Any) -> list[Tested]:
    """The checks that a stage reported."""
    from obs_dagster.lineage.stage_run import Tested

    checks = result.check_results if isinstance(result, dg.MaterializeResult) else ()
    return [
        Tested(
            each.check_name or "",
            each.passed,
            each.severity == dg.AssetCheckSeverity.ERROR,
            each.description or "",
        )
        for each in checks or ()
    ]
