"""MLflow 3's trace store as a place for spans: its server (OTLP) or its database, as the tracking URI says.

The trace of a night is in the experiment of its model, beside the night's runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from obs_dagster.links import TRACE_PREFIX, experiment_name
from obs_dagster.settings import Settings
from obs_dagster.telemetry.traces.attributes import ATTRIBUTES
from obs_dagster.telemetry.traces.holding import Holding

SECONDS = 0.7
"""How long an MLflow may take to say that it is there."""

_MODEL = ATTRIBUTES["model"][0]
_SHOWN = (_MODEL, ATTRIBUTES["day"][0], ATTRIBUTES["run_id"][0])


class MlflowStore(Holding):
    """Writes the spans of a night at once, when the experiment of its model is there for certain."""

    def __init__(self) -> None:
        self._held: list[ReadableSpan] = []
        self._experiments: dict[str, str] = {}

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hold them."""
        self._held.extend(spans)
        return SpanExportResult.SUCCESS

    def finish(self) -> SpanExportResult:
        """Write what is held; a span without a model has no place there."""
        held, self._held = self._held, []
        by_model: dict[str, list[ReadableSpan]] = {}
        for each in held:
            by_model.setdefault(str((each.attributes or {}).get(_MODEL, "")), []).append(each)
        by_model.pop("", None)
        if by_model:
            self._write(by_model)
        return SpanExportResult.SUCCESS

    def _write(self, by_model: dict[str, list[ReadableSpan]]) -> None:
        uri = Settings().mlflow_uri
        _require(uri)
        self.answering = True
        try:
            store = _store(uri)
            for model, spans in by_model.items():
                store.log_spans(self._experiment(store, model), [_entity(each) for each in spans])
        finally:
            self.answering = False

    def _experiment(self, store: Any, model: str) -> str:
        """The model's experiment.

        Raises:
            LookupError: there is none, for no night of the model has been published.
        """
        if model not in self._experiments:
            found = store.get_experiment_by_name(experiment_name(model))
            if found is None:
                raise LookupError(f"MLflow has no experiment of {model} yet")
            self._experiments[model] = str(found.experiment_id)
        return self._experiments[model]

    def shutdown(self) -> None:
        """Nothing is open."""


def _require(uri: str) -> None:
    """Fails soon where no server answers, or there is no database yet."""
    if uri.startswith(("http://", "https://")):
        import requests

        requests.get(f"{uri.rstrip('/')}/health", timeout=SECONDS, allow_redirects=False).close()
    elif uri.startswith("sqlite:///"):
        from pathlib import Path

        if not Path(uri.removeprefix("sqlite:///").partition("?")[0]).exists():
            raise LookupError("MLflow has no database yet")


def _store(uri: str) -> Any:
    from mlflow.tracking._tracking_service.utils import _get_store

    return _get_store(uri)  # type: ignore[no-untyped-call]  # MLflow has no types there


def _entity(span: ReadableSpan) -> Any:
    """MLflow's own form of a span: attributes are JSON, one of them is the trace."""
    from mlflow.entities import Span

    trace = f"{TRACE_PREFIX}{span.context.trace_id:032x}"
    told = dict(span.attributes or {})
    attributes = {name: json.dumps(value) for name, value in told.items()}
    if span.parent is None:
        # what MLflow's list of traces shows
        attributes["mlflow.spanInputs"] = json.dumps({name: told[name] for name in _SHOWN if name in told})
        attributes["mlflow.spanOutputs"] = json.dumps(span.status.description or "every stage succeeded")
    return Span(
        ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            kind=span.kind,
            resource=span.resource,
            attributes={**attributes, "mlflow.traceRequestId": json.dumps(trace)},
            events=span.events,
            links=span.links,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
        )
    )
