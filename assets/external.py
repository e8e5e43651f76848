"""What the graph starts from and does not make: raw files, training data, the registered model."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from assets.stage import stage_key
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.sources.protocol import source_of


def build(monitor: Monitor) -> list[dg.AssetSpec]:
    """The external assets of one monitor."""
    upstream = [dg.AssetKey(key.split("/")) for key in monitor.upstream]
    log = _place(monitor.logs)
    specs = [_spec(monitor, "raw_log", "The log as the serving system wrote it.", *log, upstream=upstream)]
    if monitor.labels:
        specs.append(_spec(monitor, "raw_labels", "Ground truth as it arrives.", *_place(monitor.labels)))
    else:
        specs.append(_spec(monitor, "raw_labels", "The monitor names no ground truth.", "none", "file"))
    baseline = baseline_of(monitor)
    compared = log if baseline.of_log else (baseline.place(), "file")
    specs.append(_spec(monitor, "training_data", "The rows that versions are compared with.", *compared))
    name = monitor.registry.name if monitor.registry else "none"
    specs.append(
        _spec(monitor, "registered_model", "The model's versions in the MLflow registry.", name, "mlflow")
    )
    if monitor.components:
        spans = (monitor.components.place, "mlflow" if monitor.components.mlflow else "file")
        specs.append(_spec(monitor, "raw_spans", "Spans of the requests of the system.", *spans))
    return specs


def _place(source: Logs | Labels) -> tuple[str, str]:
    """Where rows are, with the names of a URL's variables only, and the kind of asset that they are."""
    found = source_of(source)
    return found.place(source), found.asset


def _spec(
    monitor: Monitor,
    name: str,
    description: str,
    place: str,
    kind: str,
    *,
    upstream: Sequence[dg.AssetKey] = (),
) -> dg.AssetSpec:
    return dg.AssetSpec(
        stage_key(monitor, name),
        deps=upstream,
        description=description,
        group_name=monitor.model,
        owners=[monitor.owner] if monitor.owner else None,
        kinds={kind},
        tags={"obs/model": monitor.model, "obs/stage": name},
        metadata={"place": place},
    )
