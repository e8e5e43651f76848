"""What the service left in the log: rows, latencies and statuses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from obs_dagster.metrics.service.hours import Hours
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts


@dataclass(frozen=True, slots=True)
class Traffic:
    """The service counts of one version, segment and window.

    Attributes:
        rows: predictions.
        latency: latencies in milliseconds; None if the log does not have them.
        status: rows per status; None if the log does not have it. Every successful status is counted under
            its own name, never under `OTHER`.
        ok_statuses: the statuses that are successes.
        hours: the requests by the hour; None where they are not counted: of segment cells, and of windows
            longer than a day.
    """

    rows: int
    latency: NumericCounts | None
    status: CategoryCounts | None
    ok_statuses: Collection[str]
    hours: Hours | None = None
