"""What spans tell: the keywords of `span`, and the attributes that they become.

Names follow OpenTelemetry's semantic conventions where these have one; what is the project's own begins with
`obs.`. A keyword that is not here is a mistake, which a test of all calls finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ATTRIBUTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "model": ("obs.model", "the monitored model"),
        "run_id": ("obs.run_id", "Dagster's run"),
        "stage": ("obs.stage", "the stage of the graph"),
        "day": ("obs.day", "the day that is evaluated, YYYY-MM-DD"),
        "days": ("obs.days", "how many days the work is about"),
        "first": ("obs.first_day", "the first day of a range"),
        "last": ("obs.last_day", "the last day of a range"),
        "version": ("obs.model_version", "a version of the model"),
        "versions": ("obs.model_versions", "versions of the model, or how many there are"),
        "window": ("obs.window", "the window, in days"),
        "engine": ("obs.engine", "who reads the rows: `duckdb` or `spark`"),
        "source": ("obs.source", "the kind of source that rows come from"),
        "rows": ("obs.rows", "rows that were read, validated or explained"),
        "bytes": ("obs.bytes", "bytes that were written or read"),
        "cpu": ("obs.cpu.time", "seconds of processor time, of all cores and processes below this one"),
        "cores_busy": ("obs.cpu.busy", "cores that were busy on average"),
        "memory": ("obs.memory.peak", "bytes of memory that processes held together at most"),
        "read": ("obs.disk.read", "bytes read from disk"),
        "written": ("obs.disk.written", "bytes written to disk"),
        "waited": ("obs.disk.wait", "seconds that processes waited for disks, where the kernel counts them"),
        "gpu": ("obs.gpu.busy", "how busy graphics processors were on average, 0 to 1"),
        "gpu_memory": ("obs.gpu.memory", "bytes of their memory that were used at most"),
        "quarantined": ("obs.quarantined", "rows that broke the contract"),
        "evaluated": ("obs.evaluated", "whether the day was sound enough to evaluate"),
        "records": ("obs.records", "metric records that were made"),
        "expectations": ("obs.expectations", "expectations that rows were held against"),
        "files": ("obs.files", "files that were read"),
        "method": ("obs.method", "how an explanation was computed"),
        "fired": ("obs.alerts_fired", "alerts that began to fire"),
        "resolved": ("obs.alerts_resolved", "alerts that ended"),
        "program": ("service.version", "the version of this program"),
        "system": ("db.system.name", "the database: `sqlite`, `postgresql`, `duckdb`"),
        "place": ("db.namespace", "which database, without secrets"),
        "operation": ("db.operation.name", "what a query does: `SELECT`, `INSERT` …"),
        "query": ("db.query.text", "the query with placeholders instead of values, cut to 1,000 characters"),
        "call": ("rpc.method", "the function of MLflow's interface"),
        "service": ("rpc.service", "whose interface is called: `mlflow`"),
        "channel": ("messaging.destination.name", "the channel, without secrets"),
        "messaging": ("messaging.system", "the kind of channel"),
        "message": ("messaging.message.id", "the key of a notification"),
        "attempt": ("messaging.operation.name", "what is done with it: `send`"),
    }
)
"""By keyword: the attribute's name, and what it means."""

_CONTEXT = ("model", "run_id", "stage", "day")
"""Bound for all that happens in a stage, so that every span can be found by them."""

Attribute = str | bool | int | float | None
Value = str | bool | int | float


def named(given: Mapping[str, Attribute], around: Mapping[str, object]) -> dict[str, Value]:
    """The attributes of a span.

    Args:
        given: by keyword; None is left out.
        around: what is bound for the log, of which a few are told too.
    """
    inherited = {name: str(around[name]) for name in _CONTEXT if name in around}
    return {ATTRIBUTES[name][0]: value for name, value in {**inherited, **given}.items() if value is not None}
