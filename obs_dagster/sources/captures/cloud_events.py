"""CloudEvents of KServe's inference logger and of Seldon's request logger, as JSON that has their `data`.

Documented in "Basic Inference Logger" of KServe (types `org.kubeflow.serving.inference.request` and
`….response`) and in "Payload Logging" of Seldon Core (`io.seldon.serving.inference.…`, with `requestid`).
"""

from __future__ import annotations

from obs_dagster.sources.captures.capture import Record
from obs_dagster.sources.captures.events import TYPE, Events


def _recognised(record: Record) -> bool:
    return "specversion" in record and bool(TYPE.fullmatch(str(record.get("type"))))


def _event(record: Record) -> Record:
    return record


CAPTURE = Events("cloud_events", _recognised, _event)
