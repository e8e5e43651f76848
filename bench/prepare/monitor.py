"""The monitor of the generated log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.prepare.columns import (
    CATEGORIES,
    ID,
    LATENCY,
    NUMBERS,
    SCORE,
    STATUS,
    TIME,
    VERSION,
    extra_numbers,
)
from bench.prepare.kinds import BINARY, ModelKind

MODEL = "bench"
#: Of the generated days; the ones before are the baseline's.
FIRST_DAY = "2024-01-01"

_ROLES = {
    "prediction_id": ID,
    "time": TIME,
    "version": VERSION,
}
_SERVICE = {"latency_ms": LATENCY, "status": STATUS}


def features(extra: int = 0) -> dict[str, dict[str, Any]]:
    """The contract of every feature; what is generated keeps it."""
    kinds = dict.fromkeys([*NUMBERS, *extra_numbers(extra)], "number") | dict.fromkeys(CATEGORIES, "category")
    return {name: {"type": kind} for name, kind in kinds.items()} | {
        "uniform": {"type": "number", "nullable": False, "min": 0, "max": 100},
        "few_values": {"type": "integer", "nullable": False, "min": 0, "max": 24},
        "origin": {"type": "category", "nullable": False, "allowed": ["EWR", "JFK", "LGA"]},
    }


def monitor(
    *,
    contract: Mapping[str, Mapping[str, Any]],
    segments: Sequence[str] = ("origin", "carrier"),
    windows: Sequence[int] = (1, 7, 28),
    optional_roles: bool = True,
    service: bool = True,
    registered: bool = False,
    kind: ModelKind = BINARY,
    folder: str = "",
) -> dict[str, Any]:
    """The monitor's document.

    Args:
        contract: the features.
        segments: by which the log is cut.
        windows: in days.
        optional_roles: whether the log has a decision, a latency and a status.
        service: whether the last two of these are told of.
        registered: whether the versions are in MLflow's registry, so that nights explain them.
        kind: what the model puts out.
        folder: of logs, labels and baseline, with a slash at its end; left out: they are beside the file.
    """
    told = _SERVICE if service else {}
    columns = _ROLES | (dict(kind.roles) | told if optional_roles else {"score": SCORE})
    registry = {"registry": {"name": MODEL}} if registered else {}
    return {
        "model": MODEL,
        "task": kind.task,
        "start": FIRST_DAY,
        "logs": {"source": "parquet", "path": f"{folder}logs/{{day}}.parquet", "columns": columns},
        "labels": {
            "source": "parquet",
            "path": f"{folder}labels/*.parquet",
            "columns": {"prediction_id": ID, "label": kind.label},
        },
        "features": dict(contract),
        "segments": list(segments),
        "baseline": {"kind": "training", "path": f"{folder}baseline/{{version}}.parquet"},
        "windows": list(windows),
        "alerts": [{"name": "inputs_moved", "metric": "psi", "window": 1, "above": 0.2}],
        **registry,
        **kind.settings,
    }


def write_monitor(folder: Path, document: Mapping[str, Any]) -> Path:
    """Write a monitor's file; JSON is YAML too."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{MODEL}.yaml"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path
