"""Traces on an MLflow server, fetched for a day as a file of the form `mlflow_traces`."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.mlflow_reach.answer import require_mlflow
from obs_dagster.mlflow_reach.error import MlflowUnavailable
from obs_dagster.mlflow_reach.place import without_password
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.placeholders import environment, expand
from obs_dagster.monitor.system import Tracked
from obs_dagster.scratch import scratch
from obs_dagster.settings import Settings
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import STAYS
from obs_dagster.spans.reading import SpanFiles, asked_of, day_bounds
from obs_dagster.telemetry.traces import span

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Trace

#: Traces of a page: with their spans, and without. More of them are never held.
_PAGE, _LISTED = 100, 500
_MILLISECOND = 1_000_000


@dataclass(frozen=True)
class TrackedDay:
    """The traces of a day on a server.

    Attributes:
        place: the server, without a password.
        experiments: the ids of the experiments.
        begin, end: of the day, in nanoseconds since 1970.
        stamp: changes with any trace, its state, and what is said of it since.
        number: how many traces there are.
    """

    client: MlflowClient
    place: str
    experiments: tuple[str, ...]
    begin: int
    end: int
    stamp: str
    number: int

    @classmethod
    def of(cls, monitor: Monitor, day: dt.date) -> TrackedDay:
        """What is on the server of the requests of a day; spans are not fetched yet.

        Raises:
            SourceError: the server does not answer as MLflow does, or has no such experiment.
        """
        tracked = asked_of(monitor).mlflow
        if tracked is None:
            raise TypeError(f"the spans of {monitor.model} are no traces of a server")
        begin, end = day_bounds(monitor, day)
        uri = tracking_uri(tracked)
        client, place = _client(uri), without_password(uri)
        with _told(place):
            experiments = _experiments(client, tracked, place)
            digest, number = hashlib.sha256(), 0
            for trace in _traces(client, experiments, (begin, end), spans=False):
                info = trace.info
                digest.update(f"{info.trace_id} {info.state} {info.execution_duration}".encode())
                for said in info.assessments or ():
                    digest.update(f"{said.assessment_id} {said.last_update_time_ms}".encode())
                number += 1
        return cls(client, place, experiments, begin, end, digest.hexdigest()[:16], number)

    @classmethod
    def latest(cls, monitor: Monitor) -> TrackedDay | None:
        """The last day that has traces; None if there are none.

        Raises:
            SourceError: as `of`.
        """
        tracked = asked_of(monitor).mlflow
        if tracked is None:
            return None
        uri = tracking_uri(tracked)
        client, place = _client(uri), without_password(uri)
        with _told(place):
            last = client.search_traces(
                locations=list(_experiments(client, tracked, place)),
                order_by=["timestamp_ms DESC"],
                max_results=1,
                include_spans=False,
            )
        if not last:
            return None
        begun = dt.datetime.fromtimestamp(last[0].info.request_time / 1000, monitor.zone)
        return cls.of(monitor, begun.date())

    @contextmanager
    def files(self) -> Iterator[SpanFiles]:
        """The traces with their spans as a file, a line each; it is gone afterwards.

        Raises:
            SourceError: the server answers no more.
        """
        with tempfile.TemporaryDirectory(dir=scratch()) as folder:
            file = Path(folder) / "traces.jsonl"
            with span("fetch_traces") as told, file.open("w", encoding="utf-8") as lines, _told(self.place):
                fetched = 0
                for trace in _traces(self.client, self.experiments, (self.begin, self.end), spans=True):
                    lines.write(f"{trace.to_json()}\n")
                    fetched += 1
                told.set(rows=fetched)
            files = (file,) if fetched else ()
            stamps = tuple(FileStamp.of(each) for each in files)
            yield SpanFiles(files, self.begin, self.end + _longest(), stamps, own=bool(fetched))


def tracking_uri(tracked: Tracked) -> str:
    """The server that traces are on: what the monitor says, or where nights publish."""
    if tracked.tracking_uri is None:
        return Settings().mlflow_uri
    return expand(tracked.tracking_uri, environment(os.environ))


def _longest() -> int:
    # spans of a request that begins on the day, however late they begin
    return 24 * 3600 * 1_000_000_000


def _client(uri: str) -> MlflowClient:
    try:
        require_mlflow(uri)
    except MlflowUnavailable as error:
        raise SourceError(
            f"The traces cannot be fetched. {error.message}",
            remedy="Start it, or correct `components.mlflow.tracking_uri` (left out: MLFLOW_TRACKING_URI), "
            f"then run the day again. {STAYS}",
        ) from error
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri)


def _experiments(client: MlflowClient, tracked: Tracked, place: str) -> tuple[str, ...]:
    found = {name: client.get_experiment_by_name(name) for name in tracked.experiments}
    if missing := [name for name, each in found.items() if each is None]:
        raise SourceError(
            f"MLflow at {place} has no experiment {', '.join(map(repr, missing))}.",
            remedy="Correct `components.mlflow.experiments`: they are the names of the experiments that the "
            f"system's traces are in. {STAYS}",
        )
    return tuple(each.experiment_id for each in found.values() if each is not None)


def _traces(
    client: MlflowClient, experiments: tuple[str, ...], bounds: tuple[int, int], *, spans: bool
) -> Iterator[Trace]:
    """The traces that begin within some nanoseconds since 1970, page by page, the first ones first."""
    begin, end = (each // _MILLISECOND for each in bounds)
    token: str | None = None
    while True:
        page = client.search_traces(
            locations=list(experiments),
            filter_string=f"timestamp_ms >= {begin} AND timestamp_ms < {end}",
            order_by=["timestamp_ms ASC"],
            max_results=_PAGE if spans else _LISTED,
            page_token=token,
            include_spans=spans,
        )
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Errors of MLflow as such of the source."""
    import requests
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, requests.RequestException) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise SourceError(
            f"MLflow at {place} did not give the traces: {said[0]}.",
            remedy=f"Look at its log, then run the day again. {STAYS}",
        ) from error
