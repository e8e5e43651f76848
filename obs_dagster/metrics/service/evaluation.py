"""Every service metric of one version, segment and window at once."""

from __future__ import annotations

from collections.abc import Collection

from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.metrics.service.traffic import Traffic
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts


def evaluate_service(
    rows: int,
    latency: NumericCounts | None,
    status: CategoryCounts | None,
    ok_statuses: Collection[str],
) -> dict[str, Estimate]:
    """How the service did, by every service metric.

    Args:
        rows: predictions.
        latency: latencies in milliseconds; None if the log does not have them.
        status: rows per status; None if the log does not have it.
        ok_statuses: the statuses that are successes; each counted under its own name in `status`.

    Returns:
        An estimate per metric name; without a value, but with the reason, where the log does not have what it
        needs.
    """
    traffic = Traffic(rows, latency, status, ok_statuses)
    return {
        name: metric.compute(traffic) for name, metric in family("service").items() if metric.applies(traffic)
    }
