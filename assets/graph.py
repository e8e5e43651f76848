"""The whole graph of a monitor."""

from __future__ import annotations

import dagster as dg

from assets import (
    alerts,
    baseline,
    components,
    data_quality,
    drift,
    explanations,
    external,
    ground_truth,
    inference_logs,
    mlflow_report,
    performance,
    profile,
    service_health,
)
from obs_dagster.monitor import Monitor

_STAGES = (
    inference_logs,
    ground_truth,
    data_quality,
    baseline,
    profile,
    drift,
    performance,
    service_health,
    alerts,
    explanations,
    mlflow_report,
)


def build(monitor: Monitor) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Every asset of one monitor, those it makes and those it starts from."""
    stages = [*_STAGES, components] if monitor.components else _STAGES
    return [*external.build(monitor), *(stage.build(monitor) for stage in stages)]
