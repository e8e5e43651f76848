"""Spans as objects of JSON with their attributes inside.

OpenTelemetry's `ReadableSpan.to_json`, which its console exporter writes, and Phoenix' REST interface.
Attributes have dots in their names, or are nested; both are read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from obs_dagster.lake.quoting import literals
from obs_dagster.spans.form import Rows
from obs_dagster.spans.moments import nanoseconds
from obs_dagster.spans.scores import of_events, of_json

_WANTED = {
    "name": "VARCHAR",
    "context": "JSON",
    "parent_id": "VARCHAR",
    "start_time": "VARCHAR",
    "end_time": "VARCHAR",
    "status": "JSON",
    "status_code": "VARCHAR",
    "span_kind": "VARCHAR",
    "attributes": "JSON",
    "events": "JSON",
}


class SpanLines:
    """A record is a span."""

    name = "span_lines"

    def claims(self, columns: Collection[str], *, json: bool) -> bool:
        """Ids stand in `context`."""
        return json and {"context", "name", "start_time", "attributes"} <= set(columns)

    def query(self, rows: Rows, attributes: Sequence[str]) -> str:
        """The records."""
        code = "coalesce(json_extract_string(status, '$.status_code'), status_code)"
        return (
            "SELECT json_extract_string(context, '$.trace_id') AS trace_id, "
            "json_extract_string(context, '$.span_id') AS span_id, nullif(parent_id, '') AS parent_id, name, "
            f"{nanoseconds('start_time')} AS began, {nanoseconds('end_time')} AS ended, "
            f"coalesce(upper({code}) = 'ERROR', false) AS failed, "
            f"{attributes_in('attributes', attributes, {'openinference.span.kind': 'span_kind'})} AS told, "
            f"list_concat({of_json('attributes')}, {events_in('events')}) AS scored "
            f"FROM {rows.select(_WANTED)}"
        )


def events_in(column: str) -> str:
    """SQL for the evaluations among events that are a list of JSON."""
    return of_events(
        f"CAST(json_extract({column}, '$[*]') AS JSON[])",
        "json_extract_string(e, '$.name')",
        "json_extract_string(e, '$.attributes.\"' || {0} || '\"')",
    )


def attributes_in(column: str, names: Sequence[str], beside: dict[str, str] | None = None) -> str:
    """SQL for the values of attributes of an object in JSON, as a list; objects within stay JSON.

    Args:
        column: the object.
        names: the attributes.
        beside: by attribute, a column that has it where the object has not.
    """
    flat = literals(f'$."{name}"' for name in names)
    nested = literals("$" + "".join(f'."{part}"' for part in name.split(".")) for name in names)
    found = f"json_extract_string({column}, {flat})"
    deep = f"json_extract_string({column}, {nested})"
    pairs = f"list_transform(list_zip({found}, {deep}), lambda p: coalesce(p[1], p[2]))"
    places = {names.index(name) + 1: other for name, other in (beside or {}).items() if name in names}
    cases = " ".join(f"WHEN i = {place} THEN coalesce(v, {other})" for place, other in places.items())
    return f"list_transform({pairs}, lambda v, i: CASE {cases} ELSE v END)" if cases else pairs


FORM = SpanLines()
