"""Parts of a stage that it can do without: one that fails is told of, and the rest goes on."""

import datetime as dt
from collections.abc import Callable, Sequence

import dagster as dg

from assets.partitions import days_of
from obs_dagster.alerts import report_failure
from obs_dagster.errors import HistoryError
from obs_dagster.history import History
from obs_dagster.monitor import Monitor
from obs_dagster.telemetry.event import Event

_FAILED = Event(
    "obs_dagster.stages",
    "part of a stage failed",
    "error",
    "A stage went on without a part that failed; people are told by a notification.",
    {"part": "the part", "error": "why"},
)


def optional(
    context: dg.AssetExecutionContext, monitor: Monitor, history: History, part: str, keep: Callable[[], None]
) -> None:
    """Do a part of a stage; whatever it raises stops no other part.

    Args:
        context: the stage's.
        monitor: the monitor.
        history: the store, whose outbox tells of it.
        part: what it is, for people.
        keep: does it.

    Raises:
        HistoryError: the store cannot be used, without which nobody can be told of anything.
    """
    try:
        keep()
    except HistoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, alerts are worth more
        told = f"{type(error).__name__}: {error}"
        context.log.warning("%s: %s", part, told)
        _FAILED(part=part, error=told)
        tell(context, monitor, history, part=part, error=told)


def tell(
    context: dg.AssetExecutionContext,
    monitor: Monitor,
    history: History,
    *,
    part: str,
    error: str,
    days: Sequence[dt.date] = (),
) -> None:
    """Put into the outbox what a night goes on without: no failure of its run tells it.

    Args:
        context: the stage's.
        monitor: the monitor.
        history: the store.
        part: what failed.
        error: why.
        days: those that it is about; left out: the run's.
    """
    about = list(days) or days_of(context)
    report_failure(
        history,
        model=monitor.model,
        run_id=context.run_id,
        partition=str(about[0]) if len(about) == 1 else f"{about[0]} to {about[-1]}",
        error=error,
        owner=monitor.owner,
        now=dt.datetime.now(dt.UTC),
        part=part,
    )
