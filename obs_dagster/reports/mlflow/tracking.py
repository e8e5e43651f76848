"""The few operations on MLflow that reports need; the only module that imports mlflow."""

from __future__ import annotations

import datetime as dt
import functools
import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from obs_dagster.errors import ObsError
from obs_dagster.mlflow_reach.database import make_ready
from obs_dagster.mlflow_reach.error import MlflowRejected, MlflowUnavailable
from obs_dagster.mlflow_reach.place import beside_sqlite, require_answer, without_password
from obs_dagster.mlflow_reach.waiting import limit_waiting
from obs_dagster.reports.mlflow.entities import ModelVersion, Point, Run
from obs_dagster.reports.mlflow.metric_tables import MILLISECONDS_A_DAY, MetricTables
from obs_dagster.scratch import scratch
from obs_dagster.storage_fault import blames_storage, storage_fault

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

P = ParamSpec("P")
R = TypeVar("R")

BATCH = 1_000
"""Metrics that MLflow takes at once."""

PARAMS_BATCH = 100
"""Params that MLflow takes at once."""

_SECONDS = 1_000
_REFUSALS = frozenset(
    {
        "INVALID_PARAMETER_VALUE",
        "BAD_REQUEST",
        "RESOURCE_DOES_NOT_EXIST",
        "RESOURCE_ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "CUSTOMER_UNAUTHORIZED",
    }
)
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Makes the UI open the view of runs and metrics, not that of language models."""

_MODEL_ID = re.compile(r"^models:/(m-[0-9a-f]+)$")


def _reaching(
    method: Callable[Concatenate[Tracking, P], R],
) -> Callable[Concatenate[Tracking, P], R]:
    """Turns what the library and its stores raise into `MlflowUnavailable` or `MlflowRejected`."""

    def call(self: Tracking, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except ObsError:
            raise
        except Exception as error:
            # Databases, HTTP and every artifact store have exceptions of their own.
            if blames_storage(error) and (fault := storage_fault(error, f"MLflow at {self.place}")):
                raise fault from error
            code = getattr(error, "error_code", "")
            text = f"MLflow at {self.place}: {str(error).splitlines()[0] if str(error) else error!r}"
            if code in _REFUSALS:
                raise MlflowRejected(text, remedy="See MLflow's own log.") from error
            raise MlflowUnavailable(
                text, remedy="Nothing is lost: publish the night again once MLflow answers."
            ) from error

    return functools.update_wrapper(call, method)


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

    @_reaching
    def _connect(self, uri: str) -> Any:
        limit_waiting()
        make_ready(uri)
        from mlflow import MlflowClient

        for noisy in ("mlflow.store.db.utils", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        return MlflowClient(uri, registry_uri=uri)

    @_reaching
    def experiment(self, name: str) -> str:
        """The id of the experiment, which is created if it is missing.

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
        return str(found.experiment_id)

    @_reaching
    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        """Sets a tag of the experiment, unless it has it."""
        if self._client.get_experiment(experiment).tags.get(key) != value:
            self._client.set_experiment_tag(experiment, key, value)

    @_reaching
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

    @_reaching
    def create(self, experiment: str, name: str, tags: Mapping[str, str], start: dt.datetime) -> str:
        """Creates a run and returns its id."""
        run = self._client.create_run(
            experiment, start_time=_milliseconds(start), tags=dict(tags), run_name=name
        )
        return str(run.info.run_id)

    @_reaching
    def finish(self, run: str, end: dt.datetime) -> None:
        """Marks the run as finished; points can still be added."""
        self._client.set_terminated(run, end_time=_milliseconds(end))

    @_reaching
    def delete(self, run: str) -> None:
        """Puts the run into MLflow's bin, where no reader sees it."""
        self._client.delete_run(run)

    @_reaching
    def log(self, points: Mapping[str, Sequence[Point]]) -> None:
        """Adds points to runs; a point's time is the midnight (UTC) of the day that is its step."""
        own = {run: [each for each in given if each.model_id is None] for run, given in points.items()}
        left = own.keys() if self._tables is None else self._tables.write(own)
        for run, given in points.items():
            linked = [each for each in given if each.model_id is not None]
            self._log_batches(run, [*own[run], *linked] if run in left else linked)

    def _log_batches(self, run: str, points: Sequence[Point]) -> None:
        from mlflow.entities import Metric

        metrics = [
            Metric(
                point.name,
                point.value,
                timestamp=point.step * MILLISECONDS_A_DAY,
                step=point.step,
                model_id=point.model_id,
            )
            for point in points
        ]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(run, metrics=metrics[start : start + BATCH])

    @cached_property
    def _tables(self) -> MetricTables | None:
        return MetricTables.find(self._uri)

    @_reaching
    def set_params(self, run: str, params: Mapping[str, str]) -> None:
        """Adds params to a run."""
        from mlflow.entities import Param

        listed = [Param(key, value) for key, value in params.items()]
        for start in range(0, len(listed), PARAMS_BATCH):
            self._client.log_batch(run, params=listed[start : start + PARAMS_BATCH])

    @_reaching
    def set_tags(self, run: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run."""
        from mlflow.entities import RunTag

        listed = [RunTag(key, value) for key, value in tags.items()]
        for start in range(0, len(listed), PARAMS_BATCH):
            self._client.log_batch(run, tags=listed[start : start + PARAMS_BATCH])

    @_reaching
    def values_at(self, run: str, name: str, step: int) -> set[float]:
        """The values that a metric has at a step."""
        return {point.value for point in self._client.get_metric_history(run, name) if point.step == step}

    @_reaching
    def upload(self, run: str, path: str, content: str | bytes | Path) -> None:
        """Writes an artifact, over an older one at the same path."""
        place = PurePosixPath(path)
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            local = Path(folder, place.name)
            data = content.read_bytes() if isinstance(content, Path) else content
            local.write_bytes(data.encode() if isinstance(data, str) else data)
            inside = str(place.parent) if place.parent != PurePosixPath() else None
            self._client.log_artifact(run, str(local), inside)

    @_reaching
    def download(self, run: str, path: str) -> bytes:
        """The content of an artifact."""
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            return Path(self._client.download_artifacts(run, path, folder)).read_bytes()

    @_reaching
    def model_version(self, name: str, version: str) -> ModelVersion | None:
        """A version of a registered model; None if there is none of that name."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_model_version(name, version)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
        match = _MODEL_ID.match(found.source or "")
        return ModelVersion(dict(found.tags), self._known_model(match.group(1)) if match else None)

    def _known_model(self, model_id: str) -> str | None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_logged_model(model_id)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        return model_id

    @_reaching
    def set_model_version_tags(self, name: str, version: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a version of a registered model."""
        for key, value in tags.items():
            self._client.set_model_version_tag(name, version, key, value)


def differing(held: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """The wanted entries that are not held as they are."""
    return {key: value for key, value in wanted.items() if held.get(key) != value}


def _run(run: MlflowRun) -> Run:
    return Run(
        id=run.info.run_id,
        name=run.info.run_name or "",
        tags=run.data.tags,
        params=run.data.params,
        metrics=run.data.metrics,
        last_step=_last_step(run.data.to_proto().metrics),
    )


def _last_step(metrics: Iterable[Any]) -> int:
    return max((int(metric.step) for metric in metrics), default=-1)


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * _SECONDS)
