"""The components of the system around the model, by the spans of its requests."""

from __future__ import annotations

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Signal

COMPONENT = Component(
    name="system",
    # a release changes it, and what it does is seen in the service
    stage=2,
    title="component health",
    trouble="a component that is slow, fails or takes more",
    families=frozenset({"components"}),
    signals=(
        Signal("request_latency_p95", least=0.25, relative=True, of="log"),
        Signal("request_error_share", least=0.02, of="log"),
        Signal("request_tokens", least=0.5, relative=True, of="log"),
    ),
)
