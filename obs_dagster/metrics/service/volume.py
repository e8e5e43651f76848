"""How much was predicted."""

from __future__ import annotations

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.service.traffic import Traffic


def _volume(traffic: Traffic) -> Estimate:
    return Estimate(float(traffic.rows), None, None, traffic.rows)


METRICS = (
    Metric(
        Definition(
            name="volume",
            id="volume/1",
            family="service",
            title="Volume",
            meaning="How many predictions were made; 0 is a value, not a missing one.",
            formula="count of rows.",
            reference="`len(rows)`.",
            interval="none: a count",
            unit="rows",
            tally=True,
            written="count",
            shown=frozenset({"trend", "counts"}),
            rank=30,
            heading="Predictions",
        ),
        _volume,
    ),
)
