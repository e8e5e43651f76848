"""The log of a service: what its model was given, what it put out, how long it took and how it ended."""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from obs_dagster.serving import counts
from obs_dagster.serving.counts import Counts
from obs_dagster.serving.hour_file import Finished, as_lines
from obs_dagster.serving.identity import current_trace, new_id
from obs_dagster.serving.observe import FeaturesOf, Observer
from obs_dagster.serving.request import CURRENT, Request
from obs_dagster.serving.row import Label, Row
from obs_dagster.serving.writer import Writer

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from obs_dagster.serving.histogram import Histogram
    from obs_dagster.serving.spans import Spans

P = ParamSpec("P")
R = TypeVar("R")

OK = "ok"


class InferenceLog:
    """Writes one row per prediction below a folder, for the nights to read.

    Files are `predictions/day=YYYY-MM-DD/hourHH-….jsonl` (or `.parquet`), days and hours of UTC; each belongs
    to one process. It is written as `….jsonl.part`, at most `every` seconds after its requests, and gets its
    name when its hour is over or the process ends. What a process that was killed left is recovered by the
    next one.

    Args:
        folder: where the log is kept; created with its first row.
        version: the version of the model; `record` may name another one.
        model: the model's name, for metrics and spans.
        format: `jsonl` needs nothing; `parquet` needs pyarrow, and is made of the lines of each hour.
        most: rows that may wait in memory; what comes beyond is dropped and counted.
        every: seconds between two writes: what a killed process loses.
        prometheus: True, or a registry: a histogram of latencies with trace ids as exemplars, and counts of
            rows (needs prometheus_client).
        buckets: the bounds of the histogram in seconds; name one at the objective of your latency.
        spans: whether requests are spans of OpenTelemetry (needs opentelemetry-api, and the service's SDK).

    Raises:
        ImportError: what `format`, `prometheus` or `spans` need is not installed.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        version: str,
        model: str = "",
        format: Literal["jsonl", "parquet"] = "jsonl",  # noqa: A002  the word that everybody uses
        most: int = 20_000,
        every: float = 1.0,
        prometheus: bool | CollectorRegistry = False,
        buckets: Iterable[float] | None = None,
        spans: bool = False,
    ) -> None:
        finished: Finished = as_lines
        if format == "parquet":
            from obs_dagster.serving.parquet import as_parquet

            finished = as_parquet()
        elif format != "jsonl":
            raise ValueError(f"format is {format!r}, which is neither 'jsonl' nor 'parquet'.")
        self.version, self.model = version, model
        self._writer = Writer(Path(folder).expanduser().absolute(), finished, most=most, every=every)
        self._histogram: Histogram | None = None
        self._spans: Spans | None = None
        if prometheus is not False:
            from obs_dagster.serving.histogram import Histogram

            self._histogram = Histogram(
                model, self.counts, None if prometheus is True else prometheus, buckets
            )
        if spans:
            from obs_dagster.serving.spans import Spans

            self._spans = Spans(model, version)

    def record(
        self,
        features: Mapping[str, Any] | None = None,
        *,
        score: float | None = None,
        prediction: Any = None,
        prediction_id: str | None = None,
        version: str | None = None,
        time: float | None = None,
        latency_ms: float | None = None,
        status: str | None = None,
        trace_id: str | None = None,
        **columns: Any,
    ) -> str:
        """Record a prediction.

        Within a request of the middleware the row waits for its end, and has its latency and status.

        Args:
            features: what the model was given, by name; copied, but not what is in it.
            score: what it put out as a number.
            prediction: what was decided or predicted.
            prediction_id: its id, which no other prediction has; left out, a new one.
            version: the version that predicted, if not the log's.
            time: when, in seconds since 1970; left out, when the request began, or now.
            latency_ms: how long it took; left out, how long the request takes, if there is one.
            status: how it ended; left out, the status of the request, or `ok`.
            trace_id: the trace; left out, that of OpenTelemetry's current span or of the request.
            columns: more that is to be in the log, such as the scores of classes.

        Returns:
            The id of the prediction, by which `label` and the labels of the monitor know it. It never raises:
            what is no row is counted as dropped.
        """
        known = prediction_id or new_id()
        request = CURRENT.get()
        try:
            put_out = {"score": score, "prediction": prediction}
            row = Row(
                str(known),
                time if time is not None else (request.begun if request else clock.time()),
                version or self.version,
                dict(features) if features else {},
                {name: value for name, value in put_out.items() if value is not None} | columns,
                latency_ms,
                status or "",
                request.id if request else None,
                trace_id or current_trace() or (request.trace_id if request else None),
            )
        except Exception:  # noqa: BLE001  no request fails because of the log
            self.unreadable()
            return str(known)
        if request is not None:
            request.rows.append(row)
        else:
            self._take(row.ended(None, OK))
            self._measure(row.version, row.status or OK, row.latency_ms, row.trace_id)
        return row.prediction_id

    def label(self, prediction_id: str, value: Any, *, known_at: float | None = None) -> None:
        """Record the true value of a prediction, below `labels/`.

        Args:
            prediction_id: what `record` returned, or the header `x-prediction-id`.
            value: the true value.
            known_at: when it became known, in seconds since 1970; left out, now. The latest one counts.
        """
        self._writer.put(Label(str(prediction_id), value, clock.time() if known_at is None else known_at))

    def observe(
        self, *, features: FeaturesOf | None = None, output: str = "score"
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Record every call of a function that predicts, a coroutine too.

        Args:
            features: from the arguments of a call to the features; left out, the first argument if it is a
                mapping, a dataclass or a pydantic model, else the arguments by their names.
            output: the column of what the function returns; a mapping has a column per key.

        Example:
            ```python
            @log.observe(output="prediction")
            def price(features): ...
            ```
        """
        return Observer(self.record, self.unreadable, features, output).observed

    def counts(self) -> Counts:
        """How many rows were written, dropped and are waiting, since the process began."""
        return self._writer.counts()

    def close(self) -> None:
        """Write all that waits and let it be read; done at the end of the process by itself.

        Rows that come later begin new files.
        """
        self._writer.close()
        if self._spans is not None:
            self._spans.flush()

    def unreadable(self) -> None:
        """Count a prediction that cannot be recorded; for those who record in the service's place."""
        self._writer.drop(counts.NOT_TAKEN)

    def span(self, request: Request, method: str, path: str) -> AbstractContextManager[None]:
        """The span of a request, which is the current one within the block; for middlewares."""
        return nullcontext() if self._spans is None else self._spans.of(request, method, path)

    def end(self, request: Request, path: str, paths: Iterable[str]) -> None:
        """A request has ended, with `request.status`; for middlewares. It never raises.

        Args:
            request: the request.
            path: its path.
            paths: patterns of those that are predictions even if they fail before they record one.
        """
        request.answered()
        rows = request.rows
        if not rows and request.failed and any(fnmatchcase(path, each) for each in paths):
            rows = [
                Row(new_id(), request.begun, self.version, {}, {}, None, "", request.id, request.trace_id)
            ]
        for row in rows:
            self._take(row.ended(request.latency_ms, request.status))
        if rows:
            first = rows[0]
            self._measure(first.version, request.status, request.latency_ms, first.trace_id)

    def _take(self, row: Row) -> None:
        self._writer.put(row)

    def _measure(self, version: str, status: str, latency_ms: float | None, trace_id: str | None) -> None:
        if self._histogram is not None and latency_ms is not None:
            self._histogram.observe(version, status, latency_ms / 1e3, trace_id)
