"""OTLP in JSON, as the file exporter of the OpenTelemetry Collector writes it: a batch of spans a line.

"OTLP Specification", JSON Protobuf Encoding; an array `resourceSpans` of `scopeSpans` of `spans`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from obs_dagster.lake.quoting import literal
from obs_dagster.spans.form import Rows
from obs_dagster.spans.moments import nanoseconds
from obs_dagster.spans.scores import of_events, of_pairs

_VALUE = "STRUCT(stringValue VARCHAR, intValue VARCHAR, doubleValue VARCHAR, boolValue VARCHAR)"
_ATTRIBUTES = f'STRUCT("key" VARCHAR, "value" {_VALUE})[]'
_SPAN = (
    "STRUCT(traceId VARCHAR, spanId VARCHAR, parentSpanId VARCHAR, name VARCHAR, startTimeUnixNano VARCHAR, "
    f"endTimeUnixNano VARCHAR, attributes {_ATTRIBUTES}, status STRUCT(code VARCHAR), "
    f'events STRUCT("name" VARCHAR, attributes {_ATTRIBUTES})[])'
)
_BATCH = f"STRUCT(scopeSpans STRUCT(spans {_SPAN}[])[])[]"


class Otlp:
    """Batches of spans by resource and scope."""

    name = "otlp"

    def claims(self, columns: Collection[str], *, json: bool) -> bool:
        """A batch has resources."""
        return json and "resourceSpans" in columns

    def query(self, rows: Rows, attributes: Sequence[str]) -> str:
        """Spans of all batches; an attribute that stands twice counts as it stands first."""
        values = ", ".join(_value(name) for name in attributes)
        spans = (
            "SELECT unnest(scope.spans) AS s FROM (SELECT unnest(resource.scopeSpans) AS scope FROM "
            f"(SELECT unnest(resourceSpans) AS resource FROM {rows.select({'resourceSpans': _BATCH})}))"
        )
        return (
            "SELECT s.traceId AS trace_id, s.spanId AS span_id, nullif(s.parentSpanId, '') AS parent_id, "
            f"s.name AS name, {nanoseconds('s.startTimeUnixNano')} AS began, "
            f"{nanoseconds(_ENDED)} AS ended, "
            "coalesce(s.status.code IN ('2', 'STATUS_CODE_ERROR'), false) AS failed, "
            f"[{values}] AS told, list_concat({_SCORED}, {_EVENTS}) AS scored "
            f"FROM (SELECT s, list_transform(s.attributes, lambda a: a.key) AS keys FROM ({spans}))"
        )


#: A span that has not ended says 0.
_ENDED = "nullif(s.endTimeUnixNano, '0')"


def _value(name: str) -> str:
    return _text(f"s.attributes[list_position(keys, {literal(name)})].value")


def _text(found: str) -> str:
    kinds = ("stringValue", "intValue", "doubleValue", "boolValue")
    return f"coalesce({', '.join(f'{found}.{kind}' for kind in kinds)})"


_SCORED = of_pairs("keys", _text("s.attributes[list_position(keys, {0})].value"))
_EVENTS = of_events("s.events", "e.name", _text("list_filter(e.attributes, lambda a: a.key = {0})[1].value"))


FORM = Otlp()
