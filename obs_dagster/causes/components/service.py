"""The service that the model answers in: failed requests, slow answers."""

from __future__ import annotations

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Signal

COMPONENT = Component(
    name="service",
    stage=3,
    title="service health",
    trouble="failed or slow requests",
    metrics=frozenset({"latency_anomaly"}),
    families=frozenset({"service"}),
    signals=(
        Signal("error_share", least=0.01),
        Signal("latency_p95", least=0.25, relative=True),
        Signal("latency_p99", least=0.5, relative=True),
    ),
)
