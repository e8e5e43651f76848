"""Prometheus' metrics of the log: latencies with trace ids as exemplars, and what became of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from obs_dagster.serving.counts import Counts

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
"""Bounds in seconds."""

#: So many versions have a series of their own; the rest share `other`.
_MOST_VERSIONS = 50


class Histogram:
    """The metrics of a log: `inference_request_duration_seconds`, by `model`, `version` and `outcome`.

    Its count by `outcome` (`ok`, `refused` with a status of 4xx, `error`) gives rate and errors, its buckets
    the durations. Beside it are `inference_log_rows_total`, by `model` and `result`, and
    `inference_log_waiting_rows`.

    Args:
        model: the model's name.
        counts: what became of rows; asked at every scrape.
        registry: where they are registered; None: Prometheus' own.
        buckets: the bounds; None: `BUCKETS`.

    Raises:
        ImportError: prometheus_client is not installed.
    """

    def __init__(
        self, model: str, counts: Callable[[], Counts], registry: Any, buckets: Iterable[float] | None
    ) -> None:
        try:
            import prometheus_client
        except ImportError as error:
            raise ImportError(
                "prometheus=True needs prometheus_client: `pip install prometheus-client`."
            ) from error
        registry = registry or prometheus_client.REGISTRY
        self._model = model
        self._histogram = prometheus_client.Histogram(
            "inference_request_duration_seconds",
            "How long requests took that predicted something.",
            ["model", "version", "outcome"],
            registry=registry,
            buckets=tuple(buckets or BUCKETS),
        )
        self._series: dict[tuple[str, str], Any] = {}
        registry.register(_Rows(model, counts))

    def observe(self, version: str, status: str, seconds: float, trace_id: str | None) -> None:
        """Count a request."""
        outcome = "error" if status.startswith("5") or status == "error" else "ok"
        if status.startswith("4"):
            outcome = "refused"
        series = self._series.get((version, outcome))
        if series is None:
            versions = {known for known, _ in self._series}
            named = version if version in versions or len(versions) < _MOST_VERSIONS else "other"
            series = self._histogram.labels(self._model, named, outcome)
            if named == version:
                self._series[version, outcome] = series
        series.observe(seconds, {"trace_id": trace_id} if trace_id else None)


class _Rows:
    """Collects the counts of rows when they are scraped."""

    def __init__(self, model: str, counts: Callable[[], Counts]) -> None:
        self._model, self._counts = model, counts

    def describe(self) -> Iterator[Any]:
        """So that registering does not collect."""
        return iter(())

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        found = self._counts()
        rows = CounterMetricFamily(
            "inference_log_rows",
            "Rows of the inference log: written, or dropped and why.",
            labels=["model", "result"],
        )
        rows.add_metric([self._model, "written"], found.written)
        for reason, number in found.dropped.items():
            rows.add_metric([self._model, f"dropped: {reason}"], number)
        yield rows
        yield GaugeMetricFamily(
            "inference_log_waiting_rows", "Rows that are to be written.", value=found.waiting
        )
