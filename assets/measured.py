"""What a stage takes of the machine: on its span, in the history and in its metadata."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from assets.partitions import days_of
from obs_dagster.history import History
from obs_dagster.history.usage import StageUsage, record
from obs_dagster.monitor import Monitor
from obs_dagster.secrets import scrub
from obs_dagster.settings import Settings
from obs_dagster.telemetry.event import Event
from obs_dagster.telemetry.resources import Usage, metered
from obs_dagster.telemetry.traces import Span

_NOT_KEPT = Event(
    "obs_dagster.resources",
    "usage not kept",
    "warning",
    "What a stage took of the machine could not be written down.",
    {"error": "why"},
)


@contextmanager
def measured(context: dg.AssetExecutionContext, monitor: Monitor, stage: str, span: Span) -> Iterator[None]:
    """Measure the stage. What goes wrong in keeping it is a line in the log: it must not cost a night."""
    began = dt.datetime.now(dt.UTC)
    try:
        with metered(Settings().root) as meter:
            yield
    finally:
        if (usage := meter.usage) is not None:
            span.set(
                cpu=usage.cpu_seconds,
                cores_busy=usage.cores_busy,
                memory=usage.peak_memory,
                read=usage.read_bytes,
                written=usage.written_bytes,
                waited=usage.io_wait_seconds,
                gpu=usage.gpu_share,
                gpu_memory=usage.gpu_memory,
            )
            _keep(context, monitor, stage, usage, began)


def _keep(
    context: dg.AssetExecutionContext, monitor: Monitor, stage: str, usage: Usage, began: dt.datetime
) -> None:
    if not context.has_partition_key and not context.has_partition_key_range:
        return
    days = days_of(context)
    part = usage.part(len(days))
    try:
        with History.open(Settings().history_url) as history, history.writing(monitor.model) as connection:
            record(
                connection,
                [
                    StageUsage(monitor.model, day, stage, len(days), began, part, context.run_id)
                    for day in days
                ],
            )
    except Exception as error:  # noqa: BLE001  whatever it is, it must not cost a night
        _NOT_KEPT(error=scrub(str(error)))
    if len(days) == 1:
        context.add_asset_metadata(_shown(usage))


def _shown(usage: Usage) -> Mapping[str, dg.MetadataValue]:
    """As metadata, which Dagster plots over days."""
    found: dict[str, float | int | None] = {
        "CPU seconds": round(usage.cpu_seconds, 2),
        "peak memory (MB)": round(usage.peak_memory / 1e6),
        "read from disk (MB)": _megabytes(usage.read_bytes),
        "written to disk (MB)": _megabytes(usage.written_bytes),
        "GPU busy (%)": None if usage.gpu_share is None else round(100 * usage.gpu_share),
        "GPU memory (MB)": _megabytes(usage.gpu_memory),
    }
    return {
        name: dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)
        for name, value in found.items()
        if value is not None
    }


def _megabytes(value: int | None) -> int | None:
    return None if value is None else round(value / 1e6)
