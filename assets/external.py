"""What the graph starts from and does not make: raw files, training data, the registered model."""

from __future__ import annotations

import dagster as dg

from assets.stage import stage_key
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.data import TrainingBaseline


def build(monitor: Monitor) -> list[dg.AssetSpec]:
    """The external assets of one monitor."""
    upstream = [dg.AssetKey(key.split("/")) for key in monitor.upstream]
    specs = [
        _spec(monitor, "raw_log", "The log as the serving system wrote it.", monitor.logs.path, upstream)
    ]
    if monitor.labels:
        specs.append(_spec(monitor, "raw_labels", "Ground truth as it arrives.", monitor.labels.path))
    else:
        specs.append(_spec(monitor, "raw_labels", "The monitor names no ground truth.", "none"))
    source = monitor.baseline.path if isinstance(monitor.baseline, TrainingBaseline) else monitor.logs.path
    specs.append(_spec(monitor, "training_data", "The rows that versions are compared with.", source))
    name = monitor.registry.name if monitor.registry else "none"
    specs.append(_spec(monitor, "registered_model", "The model's versions in the MLflow registry.", name))
    return specs


def _spec(
    monitor: Monitor, name: str, description: str, place: str, upstream: list[dg.AssetKey] | None = None
) -> dg.AssetSpec:
    return dg.AssetSpec(
        stage_key(monitor, name),
        deps=upstream or [],
        description=description,
        group_name=monitor.model,
        owners=[monitor.owner] if monitor.owner else None,
        kinds={"mlflow"} if name == "registered_model" else {"file"},
        tags={"obs/model": monitor.model, "obs/stage": name},
        metadata={"place": place},
    )
