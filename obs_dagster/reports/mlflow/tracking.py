"""The few operations on MLflow's runs that reports need."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.mlflow_reach.database import make_ready
from obs_dagster.mlflow_reach.error import MlflowRejected
from obs_dagster.mlflow_reach.place import beside_sqlite, require_answer, without_password
from obs_dagster.mlflow_reach.waiting import limit_waiting
from obs_dagster.reports.mlflow.entities import Point, Run
from obs_dagster.reports.mlflow.metric_tables import MILLISECONDS_A_DAY, MetricTables
from obs_dagster.reports.mlflow.reaching import reaching
from obs_dagster.reports.mlflow.registry import Registry
from obs_dagster.scratch import scratch

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.entities import Run as MlflowRun

BATCH = 800
"""Metrics that are sent at once: MLflow takes a thousand with params and tags, of which runs have a few."""

_SECONDS = 1_000
LAYOUT = "2"
"""Changes with what runs hold and how they are found: nights of another one are published anew."""

LAYOUT_TAG = "mlflow.obs.layout"
_EARLIER = "obs.key"
"""The tag of runs of the first layout."""

_SECONDS = 1_000

_EXPERIMENT_TAGS = {
    # makes the UI open the view of runs and metrics, not that of language models
    "mlflow.experimentKind": "custom_model_development",
    LAYOUT_TAG: LAYOUT,
}


class Tracking:
    """An MLflow tracking and registry server, or its database.

    Args:
        uri: as `MLFLOW_TRACKING_URI` has it.
        artifact_root: URI or path below which a new experiment keeps its artifacts. Left out: beside the file
            of an SQLite database, else the server's choice.

    Raises:
        MlflowUnavailable: it cannot be reached.
    """

    def __init__(self, uri: str, artifact_root: str | None = None) -> None:
        self.place = without_password(uri)
        self._uri = uri
        self._artifact_root = artifact_root or beside_sqlite(uri)
        require_answer(uri)
        self._client = self._connect(uri)
        self.registry = Registry(self._client, self.place)

    @reaching
    def _connect(self, uri: str) -> Any:
        limit_waiting()
        make_ready(uri)
        from mlflow import MlflowClient

        for noisy in ("mlflow.store.db.utils", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        return MlflowClient(uri, registry_uri=uri)

    @reaching
    def experiment(self, name: str) -> str:
        """The id of the experiment, which is created if it is missing.

        One whose runs an earlier version of this program wrote, otherwise than it does now, keeps them under
        another name, and a new one takes its place.

        Raises:
            MlflowRejected: it is in MLflow's bin.
        """
        found = self._client.get_experiment_by_name(name)
        if found is None:
            root = self._artifact_root
            location = None if root is None else f"{root.rstrip('/')}/{name}"
            return str(self._client.create_experiment(name, location, dict(_EXPERIMENT_TAGS)))
        if found.lifecycle_stage != "active":
            raise MlflowRejected(
                f"MLflow at {self.place}: the experiment {name!r} is deleted.",
                remedy=f"Restore it: mlflow experiments restore --experiment-id {found.experiment_id}",
            )
        experiment = str(found.experiment_id)
        if found.tags.get(LAYOUT_TAG) != LAYOUT and self._client.search_runs(
            [experiment], f"tags.`{_EARLIER}` != ''", max_results=1
        ):
            self._client.rename_experiment(experiment, f"{name} (as it was before, {experiment})")
            location = found.artifact_location
            return str(self._client.create_experiment(name, location, dict(_EXPERIMENT_TAGS)))
        for key, value in differing(found.tags, _EXPERIMENT_TAGS).items():
            self._client.set_experiment_tag(experiment, key, value)
        return experiment

    @reaching
    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        """Sets a tag of the experiment, unless it has it."""
        if self._client.get_experiment(experiment).tags.get(key) != value:
            self._client.set_experiment_tag(experiment, key, value)

    @reaching
    def runs(
        self,
        experiment: str,
        tag: str,
        value: str,
        *,
        since: dt.datetime | None = None,
        before: dt.datetime | None = None,
    ) -> list[Run]:
        """The active runs with a tag, of those that start in a period; its ends may be left open.

        `tag` and `value` are words that need no quoting.
        """
        wanted = [f"tags.`{tag}` = '{value}'"]
        if since is not None:
            wanted.append(f"attributes.start_time >= {_milliseconds(since)}")
        if before is not None:
            wanted.append(f"attributes.start_time < {_milliseconds(before)}")
        found: list[Run] = []
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [experiment], " AND ".join(wanted), max_results=100, page_token=token
            )
            found.extend(_run(run) for run in page)
            token = page.token
            if not token:
                return found

    @reaching
    def create(self, experiment: str, name: str, tags: Mapping[str, str], start: dt.datetime) -> str:
        """Creates a run and returns its id."""
        run = self._client.create_run(
            experiment, start_time=_milliseconds(start), tags=dict(tags), run_name=name
        )
        return str(run.info.run_id)

    @reaching
    def finish(self, run: str, end: dt.datetime, status: str) -> None:
        """Ends the run with a status; points can still be added."""
        self._client.set_terminated(run, status, end_time=_milliseconds(end))

    @reaching
    def rename(self, run: str, name: str, status: str) -> None:
        """Gives the run another name and status."""
        self._client.update_run(run, status, name)

    @reaching
    def delete(self, run: str) -> None:
        """Puts the run into MLflow's bin, where no reader sees it."""
        self._client.delete_run(run)

    @reaching
    def log(self, points: Mapping[str, Sequence[Point]]) -> dict[str, list[Point]]:
        """Adds as many points to runs as can be added to all of them at once; returns those that are left."""
        own = {run: [each for each in given if each.model_id is None] for run, given in points.items()}
        left = own.keys() if self._tables is None else self._tables.write(own)
        return {
            run: [each for each in given if run in left or each.model_id is not None]
            for run, given in points.items()
        }

    @cached_property
    def _tables(self) -> MetricTables | None:
        return MetricTables.find(self._uri)

    @reaching
    def describe(
        self,
        run: str,
        *,
        tags: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        points: Sequence[Point] = (),
    ) -> None:
        """Adds points and params to a run and sets its tags, the tags last.

        A point's time is the midnight (UTC) of the day that is its step.
        """
        from mlflow.entities import Param, RunTag

        given = [Param(key, value) for key, value in (params or {}).items()]
        marked = [RunTag(key, value) for key, value in tags.items()]
        *first, last = [points[at : at + BATCH] for at in range(0, len(points), BATCH)] or [()]
        for some in first:
            self._client.log_batch(run, metrics=[_metric(point) for point in some])
        if last or given or marked:
            self._client.log_batch(run, [_metric(point) for point in last], given, marked)

    @reaching
    def link_trace(self, run: str, trace: str) -> None:
        """Shows a trace, by MLflow's id, among those of a run; it may come later than this."""
        self._client.link_traces_to_run([trace], run)

    @reaching
    def values_at(self, run: str, name: str, step: int) -> set[float]:
        """The values that a metric has at a step."""
        return {point.value for point in self._client.get_metric_history(run, name) if point.step == step}

    @reaching
    def upload(self, run: str, contents: Mapping[str, str | bytes | Path]) -> None:
        """Writes artifacts by path within the run, over older ones at the same paths."""
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            for path, content in contents.items():
                local = Path(folder, path)
                local.parent.mkdir(parents=True, exist_ok=True)
                data = content.read_bytes() if isinstance(content, Path) else content
                local.write_bytes(data.encode() if isinstance(data, str) else data)
            self._client.log_artifacts(run, folder)

    @reaching
    def download(self, run: str, path: str) -> bytes:
        """The content of an artifact."""
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            return Path(self._client.download_artifacts(run, path, folder)).read_bytes()


def differing(held: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The wanted entries that are not held as they are."""
    return {key: value for key, value in wanted.items() if held.get(key) != value}


def _run(run: MlflowRun) -> Run:
    return Run(
        id=run.info.run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        tags=run.data.tags,
        params=run.data.params,
        metrics=run.data.metrics,
        last_step=_last_step(run.data.to_proto().metrics),
    )


def _metric(point: Point) -> Metric:
    from mlflow.entities import Metric

    return Metric(
        point.name,
        point.value,
        timestamp=point.step * MILLISECONDS_A_DAY,
        step=point.step,
        model_id=point.model_id,
    )


def _last_step(metrics: Iterable[Any]) -> int:
    return max((int(metric.step) for metric in metrics), default=-1)


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * _SECONDS)
