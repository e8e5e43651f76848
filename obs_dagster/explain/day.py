"""The explanations of one night: SHAP values per version, kept in the lake with their plots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.errors import ModelLoadError, ObsError
from obs_dagster.evaluation.sampling import draw_versions, sample_baseline
from obs_dagster.explain.apart import run_apart
from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explain import Explainer, inputs_of, require
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, FloatArray, Puts
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.loading import (
    RegistryUnavailable,
    fetch_version,
    load_classes,
    load_fetched,
    load_version,
)
from obs_dagster.explain.plots import bar_png, beeswarm_png
from obs_dagster.explain.scoring import Agreement, Scored, compare, compare_classes, score, told
from obs_dagster.explain.version_explained import VersionExplained, refused_whole
from obs_dagster.lake.file_name import file_name
from obs_dagster.lake.lake import Lake, read_json, replacing, write_json
from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.mlflow_reach.waiting import no_answer
from obs_dagster.monitor.data import Registry
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output, outputs
from obs_dagster.scratch import scratch
from obs_dagster.sources.files import connect
from obs_dagster.telemetry.traces import of_day, span
from obs_dagster.workers import WorkerError, in_order

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_TABLE = "explanations"
#: Fewer days than these are explained sooner than other processes have started and loaded the models.
_FEWEST_DAYS = 24

Served = tuple[dt.date, Sequence[str]]
"""A day, and the versions that served on it."""


def explain_days(
    monitor: Monitor, days: Sequence[Served], lake: Lake, tracking_uri: str
) -> Iterator[tuple[dt.date, list[VersionExplained]]]:
    """Explain a sample of the rows of each version and day, and replace the days' explanations in the lake.

    A version that cannot be explained says why and leaves the others alone, and so does a day. A row that the
    registered model refuses is left out and counted. The registry is asked once whether it is there. Models
    and backgrounds are loaded once for all days; of a long range by each of the processes that share it.

    Args:
        monitor: the monitor.
        days: each day with the versions that served on it.
        lake: holds the rows, and takes the explanations.
        tracking_uri: the MLflow server or database that holds the registry.

    Raises:
        OSError: the explanations cannot be written.
    """
    unreachable = no_answer(tracking_uri) if monitor.registry else ""
    explainers = _Explainers(monitor, lake, tracking_uri, unreachable)
    if monitor.registry is not None and monitor.registry.apart and not unreachable:
        found = _apart(explainers, monitor.registry, days)
    else:
        found = in_order(partial(_explain, explainers), days, fewest=_FEWEST_DAYS)
    for number, (day, _) in enumerate(days):
        try:
            yield day, next(found)
        except WorkerError as error:
            # the rows of one day may be what kills a process: which one is not known
            yield from ((each, _not_explained(versions, told(error))) for each, versions in days[number:])
            return


@dataclass(frozen=True, slots=True)
class _Explainers:
    """Explains the days of a monitor, with the explainer of each version once it has been prepared.

    Attributes:
        unreachable: why the registry does not answer; empty if it does.
        troubles: why versions cannot be loaded; for all of them under `""`.
        fetched: where the files of versions are, if models are loaded in a process of their own.
        key: the same in every copy that another process gets.
    """

    monitor: Monitor = field(compare=False)
    lake: Lake = field(compare=False)
    tracking_uri: str = field(compare=False)
    unreachable: str = field(default="", compare=False)
    prepared: dict[str, Explainer | ClassExplainer] = field(default_factory=dict, compare=False)
    troubles: dict[str, str] = field(default_factory=dict, compare=False)
    fetched: dict[str, Path] = field(default_factory=dict, compare=False)
    key: str = field(default_factory=lambda: uuid4().hex)

    def explain(
        self, connection: duckdb.DuckDBPyConnection, day: dt.date, versions: Sequence[str]
    ) -> list[VersionExplained]:
        registry = self.monitor.registry
        if registry is None:
            return _not_explained(versions, "the monitor names no registry", wanted=False)
        if self.unreachable:
            return _not_explained(versions, f"MLflow does not answer: {self.unreachable}")
        largest = self.monitor.explanations.sample
        try:
            drawn = draw_versions(connection, self.monitor, day, self.lake, versions=versions, rows=largest)
        except Exception as error:  # noqa: BLE001 - whatever stops explanations must not stop what follows them
            return _not_explained(versions, told(error))
        return [self._version(day, version, registry, rows) for version, rows in drawn.items()]

    def _version(
        self, day: dt.date, version: str, registry: Registry, rows: pd.DataFrame
    ) -> VersionExplained:
        """The explanation of a version, or whatever kept it from being explained."""
        if rows.empty:
            return VersionExplained(version, reason=NO_ROWS)
        try:
            with span("explain", version=version) as told_of:
                found = self._explained(day, version, self._load(version, registry), rows)
                told_of.set(rows=found.rows, method=found.method)
                return found
        except ObsError as error:
            return VersionExplained(version, drawn=len(rows), reason=str(error))
        except Exception as error:  # noqa: BLE001 - libraries, models and rows fail in ways of their own
            return VersionExplained(version, drawn=len(rows), reason=self._told(error))

    def _told(self, error: Exception) -> str:
        """An error in one line; libraries quote values, which may be personal."""
        return type(error).__name__ if self.monitor.personal else told(error)

    @property
    def _puts(self) -> Puts:
        """What the versions put out."""
        leading = leading_output(self.monitor)
        if leading.kind == "number":
            return "number"
        return "classes" if leading.allowed else "score"

    def _load(self, version: str, registry: Registry) -> ExplainableModel | ClassModel:
        """The model; what failed once is not tried again for every day.

        Raises:
            ModelLoadError: it cannot be loaded.
        """
        trouble = self.troubles.get("") or self.troubles.get(version)
        if trouble:
            raise ModelLoadError(trouble)
        if version in self.fetched:
            return load_fetched(self.fetched[version], registry.name, version, registry.trust, self._puts)
        try:
            place = (registry.name, version, self.tracking_uri, registry.trust)
            return load_classes(*place) if self._puts == "classes" else load_version(*place, self._puts)
        except ModelLoadError as error:
            self.troubles["" if isinstance(error, RegistryUnavailable) else version] = str(error)
            raise

    def _explained(
        self, day: dt.date, version: str, model: ExplainableModel | ClassModel, rows: pd.DataFrame
    ) -> VersionExplained:
        monitor, puts = self.monitor, self._puts
        inputs = inputs_of(model, list(monitor.features))
        require(rows, inputs, "rows to explain")
        scored = _told_of(score(model, rows[list(inputs)]), personal=bool(monitor.personal))
        accepted = scored.accepted
        if not accepted.any():
            return refused_whole(version, scored)
        kept, scores = rows[accepted], scored.scores[accepted]
        explainer = self._explainer(version, model, kept)
        folder, stem = _folder(monitor, day, self.lake), file_name(version)
        by_class: dict[str, dict[str, float]] = {}
        if isinstance(explainer, ClassExplainer):
            agreement = _agreement(monitor, explainer, scored.scores, rows)
            of_classes = explainer.explain(kept, monitor.explanations.tolerance, scores)
            found, by_class = of_classes.over_classes, of_classes.by_class()
            _write(found, of_classes.of_chosen, of_classes.to_table(), folder, stem)
        else:
            agreement = compare(scored.scores, rows[leading_output(monitor).column], puts)
            found = explainer.explain(kept, monitor.explanations.tolerance, scores)
            _write(found, found, found.to_table(), folder, stem)
        return VersionExplained(
            version=version,
            rows=len(found.data),
            drawn=len(rows),
            refused=scored.refused,
            refusal=scored.why,
            settled=found.settled,
            metrics=found.metrics(),
            method=found.method,
            unit=found.unit,
            base_value=found.base_value,
            residual=found.residual,
            agreement=agreement,
            by_class=by_class,
        )

    def _explainer(
        self, version: str, model: ExplainableModel | ClassModel, rows: pd.DataFrame
    ) -> Explainer | ClassExplainer:
        """The version's explainer; without a baseline of its own, the day's rows are the background."""
        if version in self.prepared:
            return self.prepared[version]
        features, largest = list(self.monitor.features), self.monitor.explanations.sample
        # what is kept of a baseline is without personal values, which the model needs
        kept = not self.monitor.personal.intersection(features)
        baseline = sample_baseline(self.monitor, version, self.lake, largest) if kept else None
        background = rows if baseline is None else baseline
        found: Explainer | ClassExplainer
        if self._puts == "classes":
            classes = leading_output(self.monitor).allowed
            found = ClassExplainer.prepare(cast("ClassModel", model), background, features, classes, largest)
        else:
            found = Explainer.prepare(cast("ExplainableModel", model), background, features, largest)
        if baseline is not None:
            self.prepared[version] = found
        return found


def _apart(
    explainers: _Explainers, registry: Registry, days: Sequence[Served]
) -> Iterator[list[VersionExplained]]:
    """Explain days in a process that knows no secret; the files of models are fetched here.

    Raises:
        WorkerError: it died, or took too long.
    """
    with TemporaryDirectory(prefix="models-", dir=scratch()) as folder:
        for version in dict.fromkeys(version for _, versions in days for version in versions):
            try:
                path = fetch_version(registry.name, version, explainers.tracking_uri, Path(folder))
                explainers.fetched[version] = path
            except ModelLoadError as error:
                explainers.troubles[version] = str(error)
        found = run_apart(
            partial(_explain, replace(explainers, tracking_uri=""), days),
            seconds=registry.seconds,
            memory=registry.memory_mb * 2**20,
            with_key=explainers.monitor.logs.columns.prediction_id in explainers.monitor.personal,
        )
        for (_, versions), document in zip(days, found, strict=False):
            try:
                explained = [VersionExplained.from_json(each) for each in document]
            except (TypeError, KeyError, AttributeError) as error:
                raise WorkerError(
                    "A model's process gave another answer than was asked for.", remedy="Look at the model."
                ) from error
            known = {each.version: each for each in explained}
            yield [known.get(version, VersionExplained(version, reason=NO_ROWS)) for version in versions]


@lru_cache(maxsize=1)
def _first(explainers: _Explainers) -> _Explainers:
    """The first of equal copies that this process got: with what it has prepared since."""
    return explainers


def _explain(explainers: _Explainers, days: Iterable[Served]) -> Iterator[list[VersionExplained]]:
    kept = _first(explainers)
    with connect() as connection:
        for day, versions in days:
            with of_day(day):
                explained = kept.explain(connection, day, versions)
            folder = _folder(kept.monitor, day, kept.lake)
            summary = [{**asdict(each), "remarks": each.remarks} for each in explained]
            write_json(folder / "summary.json", summary)
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


def _agreement(
    monitor: Monitor, explainer: ClassExplainer, scores: FloatArray, rows: pd.DataFrame
) -> Agreement:
    """Whether the model gives the logged scores; without such, whether it predicts the logged classes."""
    logged = {
        name: each.column
        for name, each in zip(
            leading_output(monitor).allowed,
            (each for each in outputs(monitor) if each.kind == "score"),
            strict=False,
        )
    }
    if logged:
        columns = [logged[name] for name in explainer.classes]
        return compare_classes(scores, rows[columns].to_numpy(dtype=np.float64))
    names = np.array(explainer.classes, dtype=object)
    accepted = np.isfinite(scores.sum(axis=1))
    served = rows[leading_output(monitor).column].to_numpy(dtype=object)
    chosen = names[np.where(accepted[:, np.newaxis], scores, 0.0).argmax(axis=1)]
    same = np.where(accepted, (chosen == served).astype(np.float64), np.nan)
    return compare(same, np.ones(len(rows)))


def _write(bar: Explanation, beeswarm: Explanation, table: pa.Table, folder: Path, stem: str) -> None:
    contents: dict[str, bytes | pa.Table] = {
        f"{stem}.bar.png": bar_png(bar),
        f"{stem}.beeswarm.png": beeswarm_png(beeswarm),
        f"{stem}.parquet": table,
    }
    for name, content in contents.items():
        with replacing(folder / name) as aside:
            if isinstance(content, bytes):
                aside.write_bytes(content)
            else:
                pq.write_table(content, aside, compression="zstd")


def _told_of(scored: Scored, *, personal: bool) -> Scored:
    """What was scored; what libraries say of a row that they refuse quotes its values."""
    return replace(scored, why=scored.why.partition(":")[0]) if personal else scored


def _not_explained(versions: Iterable[str], reason: str, *, wanted: bool = True) -> list[VersionExplained]:
    return [VersionExplained(version, reason=reason, wanted=wanted) for version in versions]


def explanation_remarks(monitor: Monitor, day: dt.date, lake: Lake) -> dict[str, list[str]]:
    """What a reader of each version's explanation of a day must know; empty if the day was not explained."""
    summary = read_json(_folder(monitor, day, lake) / "summary.json") or ()
    return {entry["version"]: entry.get("remarks", []) for entry in summary}
