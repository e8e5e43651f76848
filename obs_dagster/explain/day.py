"""The explanations of one night: SHAP values per version, kept in the lake with their plots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.errors import ObsError
from obs_dagster.evaluation.sampling import draw_versions, sample_baseline
from obs_dagster.explain.explain import Explainer, score_difference
from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.loading import load_version
from obs_dagster.explain.plots import bar_png, beeswarm_png
from obs_dagster.lake.file_name import file_name
from obs_dagster.lake.lake import Lake, read_json, replacing, write_json
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.files import connect
from obs_dagster.workers import in_order

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_TABLE = "explanations"
#: Fewer days than these are explained sooner than other processes have started and loaded the models.
_FEWEST_DAYS = 24

Served = tuple[dt.date, Sequence[str]]
"""A day, and the versions that served on it."""


@dataclass(frozen=True, slots=True)
class VersionExplained:
    """The explanation of one version on one day, or why there is none.

    Attributes:
        rows: rows explained.
        drawn: rows that were drawn, and could have been explained.
        settled: whether sampling ended because the ranking of the features was known.
        metrics: the metrics of each feature by name.
        method, unit, base_value, residual: as `Explanation` has them.
        score_difference: largest difference between the registered model's scores and the logged ones.
        reason: why there is no explanation; empty if there is one.
    """

    version: str
    rows: int = 0
    drawn: int = 0
    settled: bool = False
    metrics: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    method: str = ""
    unit: str = ""
    base_value: float | None = None
    residual: float | None = None
    score_difference: float | None = None
    reason: str = ""


def explain_days(
    monitor: Monitor, days: Sequence[Served], lake: Lake, tracking_uri: str
) -> Iterator[tuple[dt.date, list[VersionExplained]]]:
    """Explain a sample of the rows of each version and day, and replace the days' explanations in the lake.

    A version that cannot be explained says why and leaves the others alone. Models and backgrounds are loaded
    once for all days; of a long range by each of the processes that share it.

    Args:
        monitor: the monitor.
        days: each day with the versions that served on it.
        lake: holds the rows, and takes the explanations.
        tracking_uri: the MLflow server or database that holds the registry.

    Raises:
        LakeError: a day has not been validated.
        SourceError: a file that is read in place is gone or was rewritten.
        WorkerError: a process that explained days died again and again.
    """
    explain = partial(_explain, _Explainers(monitor, lake, tracking_uri))
    return zip((day for day, _ in days), in_order(explain, days, fewest=_FEWEST_DAYS), strict=True)


@dataclass(frozen=True, slots=True)
class _Explainers:
    """Explains the days of a monitor, with the explainer of each version once it has been prepared.

    Attributes:
        key: the same in every copy that another process gets.
    """

    monitor: Monitor = field(compare=False)
    lake: Lake = field(compare=False)
    tracking_uri: str = field(compare=False)
    prepared: dict[str, Explainer] = field(default_factory=dict, compare=False)
    key: str = field(default_factory=lambda: uuid4().hex)

    def explain(
        self, connection: duckdb.DuckDBPyConnection, day: dt.date, versions: Sequence[str]
    ) -> list[VersionExplained]:
        registry = self.monitor.registry
        if registry is None:
            return [VersionExplained(version, reason="the monitor names no registry") for version in versions]
        largest = self.monitor.explanations.sample
        drawn = draw_versions(connection, self.monitor, day, self.lake, versions=versions, rows=largest)
        explained = []
        for version, rows in drawn.items():
            if rows.empty:
                explained.append(VersionExplained(version, reason="no rows"))
                continue
            try:
                model = load_version(registry.name, version, self.tracking_uri, registry.trust)
                explained.append(self._version(day, version, model, rows))
            except ObsError as error:
                explained.append(VersionExplained(version, reason=str(error)))
        return explained

    def _version(
        self, day: dt.date, version: str, model: ExplainableModel, rows: pd.DataFrame
    ) -> VersionExplained:
        monitor = self.monitor
        found = self._explainer(version, model, rows).explain(rows, monitor.explanations.tolerance)
        difference = score_difference(model, rows, rows[monitor.logs.columns.score], list(monitor.features))
        _write(found, _folder(monitor, day, self.lake), file_name(version))
        return VersionExplained(
            version=version,
            rows=len(found.data),
            drawn=len(rows),
            settled=found.settled,
            metrics=found.metrics(),
            method=found.method,
            unit=found.unit,
            base_value=found.base_value,
            residual=found.residual,
            score_difference=difference,
        )

    def _explainer(self, version: str, model: ExplainableModel, rows: pd.DataFrame) -> Explainer:
        """The version's explainer; without a baseline of its own, the day's rows are the background."""
        if version in self.prepared:
            return self.prepared[version]
        features, largest = list(self.monitor.features), self.monitor.explanations.sample
        baseline = sample_baseline(self.monitor, version, self.lake, largest)
        found = Explainer.prepare(model, rows if baseline is None else baseline, features, largest)
        if baseline is not None:
            self.prepared[version] = found
        return found


@lru_cache(maxsize=1)
def _first(explainers: _Explainers) -> _Explainers:
    """The first of equal copies that this process got: with what it has prepared since."""
    return explainers


def _explain(explainers: _Explainers, days: Iterable[Served]) -> Iterator[list[VersionExplained]]:
    kept = _first(explainers)
    with connect() as connection:
        for day, versions in days:
            explained = kept.explain(connection, day, versions)
            folder = _folder(kept.monitor, day, kept.lake)
            write_json(folder / "summary.json", [asdict(each) for each in explained])
            yield explained


def explanation_files(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> dict[str, Path]:
    """The day's files about a version by a name for readers; empty if there is no explanation."""
    folder = _folder(monitor, day, lake)
    stem = file_name(version)
    files = {
        "shap_bar.png": folder / f"{stem}.bar.png",
        "shap_beeswarm.png": folder / f"{stem}.beeswarm.png",
        "shap_values.parquet": folder / f"{stem}.parquet",
    }
    known = {entry["version"] for entry in read_json(folder / "summary.json") or () if not entry["reason"]}
    return files if version in known else {}


def _folder(monitor: Monitor, day: dt.date, lake: Lake) -> Path:
    return lake.folder(monitor.model, _TABLE) / f"day={day.isoformat()}"


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
            "rows": f"{each.rows:,} of {each.drawn:,} drawn" if each.drawn else "0",
            "ranking": "" if each.reason else "settled" if each.settled else "not settled",
            "method": each.method,
            "top features": ", ".join(_top(each)) or each.reason,
            "additivity residual": each.residual,
            "score difference": each.score_difference,
        }
        for each in explained
    ]


def _top(explained: VersionExplained, count: int = 5) -> list[str]:
    """The most important features, each with its share of the attribution and the interval of it."""
    shares = {feature: metrics["shap_share"] for feature, metrics in explained.metrics.items()}
    ranked = sorted(shares.items(), key=lambda item: -(item[1].value or 0.0))
    return [f"{feature} {_percent(share)}" for feature, share in ranked[:count]]


def _percent(share: Estimate) -> str:
    if share.value is None:
        return f"({share.reason})"
    if share.low is None or share.high is None:
        return f"{share.value:.0%}"
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"
