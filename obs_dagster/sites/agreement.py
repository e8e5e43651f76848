"""What sites and those who put their profiles together must agree on, so that counts mean the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.profile.profile import SCHEMA
from obs_dagster.tasks.outcomes import settings_of
from obs_dagster.tasks.protocol import task_of


def agreement(monitor: Monitor) -> dict[str, str]:
    """What counts depend on, part by part, each as a digest; where one differs, counts do not add up.

    Where rows are, how they are written, and what they are compared with are each site's own matter.
    """
    kind, labels, logs = task_of(monitor).outcomes, monitor.labels, monitor.logs
    limit = monitor.objectives.latency if monitor.objectives else None
    outcomes = f"{settings_of(kind, monitor)} {kind.schema}" if kind else ""
    parts: dict[str, Any] = {
        "model": monitor.model,
        "task": monitor.task,
        "time_zone": monitor.time_zone,
        "identity": monitor.identity,
        "features": {
            name: feature.model_dump(mode="json", exclude={"description", "column"})
            for name, feature in monitor.features.items()
        },
        "outputs": [str(each) for each in outputs(monitor)],
        "logs.columns": logs.columns.model_dump(mode="json", exclude={"prediction_id", "time", "trace_id"}),
        "logs.threshold": logs.threshold,
        "logs.ok_statuses": sorted(logs.ok_statuses),
        "segments": [list(cut) if isinstance(cut, tuple) else cut for cut in monitor.segments],
        "fairness": monitor.fairness.model_dump(mode="json"),
        "labels.positive": str(labels.positive) if labels else "no labels",
        "objectives.latency": limit.under_ms if limit else None,
        "counts of columns": str(SCHEMA),
        "counts of outcomes": outcomes,
    }
    return {name: _digest(part) for name, part in parts.items()}


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The parts that are not the same on both sides, also those that one of them does not know."""
    return [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]


def fingerprint(parts: Mapping[str, str]) -> str:
    """One digest of all parts."""
    return _digest(dict(sorted(parts.items())))


def _digest(part: Any) -> str:
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:12]
