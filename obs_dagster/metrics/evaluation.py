"""Every metric of a family at once."""

from __future__ import annotations

import os
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any

from obs_dagster.metrics.definition import Family
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family, unknown
from obs_dagster.telemetry.event import Event

STRICT = "OBS_STRICT_METRICS"
"""The variable under which a metric that fails is an error: for the tests of who writes one."""

FAILED = "its computation failed"
"""The reason of a metric that raises, before the kind of error."""

_FAILED = Event(
    "obs_dagster.evaluation",
    "metric failed",
    "error",
    "A metric could not be computed; all others were. Told once for each kind of error in a process.",
    {"metric": "the metric", "error": "the kind of error", "at": "where it was raised"},
)
_told: set[tuple[str, str]] = set()


def evaluate(
    name: Family, given: Any, *, task: str = "", only: Collection[str] | None = None
) -> dict[str, Estimate]:
    """What the metrics of a family say of their input, third parties' among them.

    Args:
        name: the family.
        given: its input: `Comparison` for drift, `Traffic` for service, `RowCounts` for quality, and for
            performance what the task's outcomes give; explanations have `Attributions` of a feature,
            `AttributionShift` and `ModelCheck`, fairness `Groups`, the champion
            a `Challenge`, anomalies `HealthNumbers` and
            `LatencyNumbers`, operation `NightsTaken`, components `ComponentUsage` and
            `RequestUsage`.
        task: the kind of model; metrics of other tasks are left out. Empty: all.
        only: names of metrics; left out: all.

    Returns:
        An estimate per metric that applies to the input. Where a metric has no value, the estimate says why;
        that of one which fails is that it does.

    Raises:
        MetricError: `only` holds a name that is no metric of the family.
    """
    known = family(name, task)
    for each in only or ():
        if each not in known:
            raise unknown(each, known)
    wanted = known if only is None else {each: known[each] for each in known if each in only}
    return {each: _computed(metric, given) for each, metric in wanted.items() if metric.applies(given)}


def _computed(metric: Metric[Any], given: Any) -> Estimate:
    """A metric's estimate; one that fails keeps no other from its value, whoever has written it."""
    try:
        return metric.compute(given)
    except Exception as error:
        if STRICT in os.environ:
            raise
        kind = type(error).__name__
        # once for each kind of fault; its text may have values of rows
        if (metric.definition.name, kind) not in _told:
            _told.add((metric.definition.name, kind))
            _FAILED(metric=metric.definition.name, error=kind, at=_place(error))
        return Estimate.missing(f"{FAILED} ({kind})")


def _place(error: BaseException) -> str:
    """Where an error was raised: file and line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
