"""The explanations of one night: SHAP values per version, kept in the lake with their plots."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.sampling import sample_baseline, sample_day
from obs_dagster.explain.explain import explain, score_difference
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.loading import load_version
from obs_dagster.explain.plots import bar_png, beeswarm_png
from obs_dagster.lake.lake import Lake, read_json, replacing, write_json
from obs_dagster.metrics.explanation import shap_importance
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor

_TABLE = "explanations"


@dataclass(frozen=True, slots=True)
class VersionExplained:
    """The explanation of one version on one day, or why there is none.

    Attributes:
        rows: rows explained.
        importance: the estimate of the mean |SHAP value| per feature.
        method, unit, base_value, residual: as `Explanation` has them.
        score_difference: largest difference between the registered model's scores and the logged ones.
        reason: why there is no explanation; empty if there is one.
    """

    version: str
    rows: int = 0
    importance: dict[str, Estimate] = field(default_factory=dict)
    method: str = ""
    unit: str = ""
    base_value: float | None = None
    residual: float | None = None
    score_difference: float | None = None
    reason: str = ""


def explain_day(
    monitor: Monitor, day: dt.date, versions: list[str], lake: Lake, tracking_uri: str
) -> list[VersionExplained]:
    """Explain a sample of each version's rows and replace the day's explanations in the lake.

    A version that cannot be explained says why and leaves the others alone.
    """
    explained = [_explain_version(monitor, day, version, lake, tracking_uri) for version in versions]
    write_json(_folder(monitor, day, lake) / "summary.json", [asdict(each) for each in explained])
    return explained


def explanation_files(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> dict[str, Path]:
    """The day's files about a version by a name for readers; empty if there is no explanation."""
    folder = _folder(monitor, day, lake)
    stem = quote(version, safe="")
    files = {
        "shap_bar.png": folder / f"{stem}.bar.png",
        "shap_beeswarm.png": folder / f"{stem}.beeswarm.png",
        "shap_values.parquet": folder / f"{stem}.parquet",
    }
    known = {entry["version"] for entry in read_json(folder / "summary.json") or () if not entry["reason"]}
    return files if version in known else {}


def _folder(monitor: Monitor, day: dt.date, lake: Lake) -> Path:
    return lake.folder(monitor.model, _TABLE) / f"day={day.isoformat()}"


def _explain_version(
    monitor: Monitor, day: dt.date, version: str, lake: Lake, tracking_uri: str
) -> VersionExplained:
    if monitor.registry is None:
        return VersionExplained(version, reason="the monitor names no registry")
    rows = sample_day(monitor, day, version, lake, monitor.explanations.sample)
    if rows.empty:
        return VersionExplained(version, reason="no rows")
    background = sample_baseline(monitor, version, lake, monitor.explanations.sample)
    features = list(monitor.features)
    try:
        model = load_version(monitor.registry.name, version, tracking_uri, monitor.registry.trust)
        found = explain(model, rows, rows if background is None else background, features)
        difference = score_difference(model, rows, rows[monitor.logs.columns.score], features)
    except ObsError as error:
        return VersionExplained(version, reason=str(error))
    _write(found, _folder(monitor, day, lake), quote(version, safe=""))
    return VersionExplained(
        version=version,
        rows=len(rows),
        importance=dict(zip(found.features, shap_importance(found.shap_values), strict=True)),
        method=found.method,
        unit=found.unit,
        base_value=found.base_value,
        residual=found.residual,
        score_difference=difference,
    )


def _write(found: Explanation, folder: Path, stem: str) -> None:
    contents: dict[str, bytes | pa.Table] = {
        f"{stem}.bar.png": bar_png(found),
        f"{stem}.beeswarm.png": beeswarm_png(found),
        f"{stem}.parquet": found.to_table(),
    }
    for name, content in contents.items():
        with replacing(folder / name) as aside:
            if isinstance(content, bytes):
                aside.write_bytes(content)
            else:
                pq.write_table(content, aside, compression="zstd")


def summary_table(explained: list[VersionExplained]) -> list[dict[str, Any]]:
    """One line per version, for people."""
    return [
        {
            "version": each.version,
            "rows": each.rows,
            "method": each.method,
            "top features": ", ".join(_top(each)) or each.reason,
            "additivity residual": each.residual,
            "score difference": each.score_difference,
        }
        for each in explained
    ]


def _top(explained: VersionExplained, count: int = 5) -> list[str]:
    ranked = sorted(explained.importance.items(), key=lambda item: -(item[1].value or 0.0))
    return [name for name, _ in ranked[:count]]
