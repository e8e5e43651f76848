"""Every metric of a family at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from obs_dagster.metrics.definition import Family
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family, unknown


def evaluate(
    name: Family, given: Any, *, task: str = "", only: Collection[str] | None = None
) -> dict[str, Estimate]:
    """What the metrics of a family say of their input, third parties' among them.

    Args:
        name: the family.
        given: its input: `Comparison` for drift, `Traffic` for service, `RowCounts` for quality, and for
            performance what the task's outcomes give; explanations have `Attributions` of a feature and
            `ModelCheck`, anomalies `HealthNumbers` and `LatencyNumbers`, operation `NightsTaken`.
        task: the kind of model; metrics of other tasks are left out. Empty: all.
        only: names of metrics; left out: all.

    Returns:
        An estimate per metric that applies to the input. Where a metric has no value, the estimate says why.

    Raises:
        MetricError: `only` holds a name that is no metric of the family.
    """
    known = family(name, task)
    for each in only or ():
        if each not in known:
            raise unknown(each, known)
    return {
        each: metric.compute(given)
        for each, metric in known.items()
        if (only is None or each in only) and metric.applies(given)
    }
