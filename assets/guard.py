"""What surrounds every stage: its run is seen to live, and what it raises can be read and kept."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from structlog.contextvars import bound_contextvars

from assets.measured import measured
from assets.partitions import days_of
from assets.progress import begin_stage, days_done
from obs_dagster.errors import HistoryError, ObsError
from obs_dagster.file_lock import hold
from obs_dagster.lake.leftovers import claim
from obs_dagster.mlflow_reach.experiment import links_to_traces
from obs_dagster.monitor import Monitor
from obs_dagster.secrets import without_secrets
from obs_dagster.settings import Settings
from obs_dagster.sources.tables.pins import pinned
from obs_dagster.storage_fault import StorageError, blames_storage, storage_fault
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.traces import part_of_run, trace_id

_FINISHED = Event(
    "obs_dagster.stages",
    "stage finished",
    "info",
    "A stage has done its work.",
    {"seconds": "how long it took"},
)

_FAILED = Event(
    "obs_dagster.stages",
    "stage failed",
    "error",
    "A stage has failed; later stages that need it do not run. What was evaluated before stays as it was.",
    {"error": "why, with what to do", "model": "the model", "run_id": "the run", "stage": "the stage"},
)


class StageError(ObsError):
    """A stage came upon something that nobody has foreseen."""


def guarded(monitor: Monitor, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a stage, with what every stage needs around it.

    What it raises on purpose stays as it is. A fault of storage is told as one, and anything else with stage,
    model and day. Dagster keeps an exception with all of its causes: what these hold of secrets is taken out.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        begin_stage()
        context = dg.AssetExecutionContext.get()
        try:
            _show_alive(context, monitor)
            with _seen(context, monitor, stage):
                begun = time.monotonic()
                found = function(*args, **kwargs)
                _FINISHED(seconds=round(time.monotonic() - begun, 3))
                return found
        except Exception as error:  # noqa: BLE001  it is raised again, so that people can read it
            failure = _told(error, monitor, stage, context)
            _FAILED(model=monitor.model, run_id=context.run_id, stage=stage, error=str(failure))
            trace = error.__traceback__
        # outside the block, so that what was raised is a cause of it only as far as it may be shown
        raise failure.with_traceback(trace)

    # Dagster asks for the signature some twenty times, and twice looks in the docstring for what it describes
    vars(run)["__signature__"] = inspect.signature(function)
    run.__doc__ = None
    return run


def _show_alive(context: dg.AssetExecutionContext, monitor: Monitor) -> None:
    """Hold the run's file, and what it writes aside in the lake, until this process ends."""
    settings = Settings()
    hold(settings.run_lock(context.run_id), monitor.model)
    claim(settings.lake_root)


@contextmanager
def _seen(context: dg.AssetExecutionContext, monitor: Monitor, stage: str) -> Iterator[None]:
    """The stage is a span of the run's trace, and each line of the log says where it comes from."""
    about = {"run_id": context.run_id, "model": monitor.model, "stage": stage, **_days(context)}
    with (
        bound_contextvars(**about),
        pinned(context.run_id),
        part_of_run(context.run_id, f"stage {stage}", engine=monitor.engine.kind) as span,
        measured(context, monitor, stage, span),
    ):
        if trace := trace_id():
            url = links_to_traces(Settings()).night_trace(trace, monitor.model)
            context.add_asset_metadata({"trace": dg.MetadataValue.url(url) if url else trace})
        yield


def _days(context: dg.AssetExecutionContext) -> dict[str, str]:
    """The day that a stage is about, for the log; the last one of a range has no line of its own."""
    if not context.has_partition_key and not context.has_partition_key_range:
        return {}
    days = days_of(context)
    return {"day": str(days[0])} if len(days) == 1 else {"days": f"{days[0]} to {days[-1]}"}


def _told(error: Exception, monitor: Monitor, stage: str, context: dg.AssetExecutionContext) -> Exception:
    told: Exception
    if isinstance(error, ObsError):
        placed = isinstance(error, StorageError | HistoryError) or not blames_storage(error)
        told = (None if placed else storage_fault(error, Settings().root)) or error
    else:
        told = storage_fault(error, Settings().root) or _unforeseen(error, monitor, stage, context)
    if told is not error:
        told.__cause__ = error
    without_secrets(told)
    return told


def _unforeseen(
    error: Exception, monitor: Monitor, stage: str, context: dg.AssetExecutionContext
) -> StageError:
    said = str(error).strip()
    kind = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return StageError(
        f"{kind} (stage {stage} of {monitor.model}{_when(context)}).",
        remedy="This was not foreseen: OBS_DEBUG=1 shows where it happened. What was evaluated before stays "
        "as it was; run the days again when the cause is mended, or report it with that output.",
    )


def _when(context: dg.AssetExecutionContext) -> str:
    if not context.has_partition_key and not context.has_partition_key_range:
        return ""
    days = days_of(context)
    if len(days) == 1:
        return f", {days[0]}"
    done = days_done()
    at = f", at {days[done]}" if done is not None and done < len(days) else ""
    return f", {days[0]} to {days[-1]}{at}"
