"""The slowest hour of a day, by the mean of its latencies."""

from __future__ import annotations

import math

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.service.hours import LEAST_REQUESTS, nothing
from obs_dagster.metrics.service.traffic import Traffic


def _slowest_hour(traffic: Traffic) -> Estimate:
    hours = traffic.hours
    if hours is None:
        return Estimate.missing("no latencies")
    if unknown := nothing(hours, hours.latency_tally, hours.last):
        return unknown
    parts = (part[-hours.last :].tolist() for part in (hours.timed, hours.total_ms, hours.total_sq_ms))
    means = [_mean(*each) for each in zip(*parts, strict=True) if each[0] >= LEAST_REQUESTS]
    if not means:
        return Estimate.missing(
            f"no hour with {LEAST_REQUESTS} requests", int(hours.timed[-hours.last :].max())
        )
    return max(means, key=lambda each: (each.low or 0.0, each.value or 0.0, each.n))


def _mean(n: int, total: float, total_sq: float) -> Estimate:
    mean = total / n
    if not math.isfinite(total_sq):
        return Estimate.missing("latencies too large to be added up", n)
    spread = math.sqrt(max(total_sq / n - mean**2, 0.0) / (n - 1))
    return Estimate(mean, mean - Z * spread, mean + Z * spread, n)


METRICS = (
    Metric(
        Definition(
            name="latency_slowest_hour",
            id="latency_slowest_hour/1",
            family="service",
            title="Latency, mean of the slowest hour",
            meaning="The mean latency of the hour of the day that was slowest, of those that have "
            f"{LEAST_REQUESTS} requests with a latency; quarantined rows count too.",
            formula="sum of latencies / requests that have one, at the hour whose lower end of the interval "
            "is highest.",
            reference="`numpy.mean(latency)` of the hour.",
            interval="normal: the standard error of the mean",
            unit="ms",
            better="lower",
            counts="requests of the hour",
            needs=("logs.columns.latency_ms",),
            cells="none",
            daily=True,
            noun="mean latency of the slowest hour",
            written="milliseconds",
            rank=36,
        ),
        _slowest_hour,
        lambda traffic: traffic.hours is not None,
    ),
)
