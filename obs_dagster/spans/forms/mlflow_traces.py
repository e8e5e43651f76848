"""MLflow's traces, as `Trace.to_json` writes them, or as rows of `mlflow.search_traces`.

"Trace Data Structure" of MLflow 3 and "MLflow Tracing Schema" of MLflow 2, where the id of a trace is
`request_id`, and spans have `context` and `start_time` in nanoseconds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from obs_dagster.spans.form import Rows
from obs_dagster.spans.forms.span_lines import attributes_in, events_in
from obs_dagster.spans.moments import nanoseconds
from obs_dagster.spans.scores import SCORES, of_json

_FAILED = ("ERROR", "STATUS_CODE_ERROR")


#: What people and judges said of a trace, or of a span of it; a row of a table may have it as a text of JSON.
_JUDGED = (
    "CAST(coalesce(json_extract(info, '$.assessments[*]'), "
    "json_extract(CASE WHEN json_type(to_json(assessments)) = 'VARCHAR' "
    "THEN CAST(json_extract_string(to_json(assessments), '$') AS JSON) "
    "ELSE to_json(assessments) END, '$[*]'), []) AS JSON[])"
)
_EVENTS = "json_extract(s, '$.events')"
#: MLflow 3 writes the bytes of an id in base64, and ids of assessments in digits.
_ID = "json_extract_string(s, '$.span_id')"
_DIGITS = f"CASE WHEN {_ID} LIKE '%=' THEN lower(hex(TRY(from_base64({_ID})))) END"
_OF = "json_extract_string(a, '$.span_id')"
_IS_MINE = (
    f"CASE WHEN nullif({_OF}, '') IS NULL "
    "THEN nullif(json_extract_string(s, '$.parent_span_id'), '') IS NULL "
    "AND nullif(json_extract_string(s, '$.parent_id'), '') IS NULL "
    f"ELSE coalesce({_OF} IN ({_ID}, {_DIGITS}, json_extract_string(s, '$.context.span_id')), false) END "
    "AND coalesce(json_extract_string(a, '$.valid'), 'true') <> 'false' "
    "AND json_extract(a, '$.feedback.value') IS NOT NULL"
)
_FIELDS = ", ".join(
    (
        "'name': coalesce(json_extract_string(a, '$.assessment_name'), json_extract_string(a, '$.name'))",
        "'score': json_extract_string(a, '$.feedback.value')",
        "'label': NULL",
        f"'whole': nullif({_OF}, '') IS NULL",
    )
)
_MINE = f"CAST([{{{_FIELDS}}} FOR a IN judged IF {_IS_MINE}] AS {SCORES})"


class MlflowTraces:
    """A record is a trace with its spans."""

    name = "mlflow_traces"

    def claims(self, columns: Collection[str], *, json: bool) -> bool:
        """Info and data, or a row with what the info has."""
        if {"info", "data"} <= set(columns):
            return json
        return "spans" in columns and bool({"trace_id", "request_id"} & set(columns))

    def query(self, rows: Rows, attributes: Sequence[str]) -> str:
        """The spans of all traces, under the id that MLflow gives the trace."""
        wanted = dict.fromkeys(("info", "data", "spans", "trace_id", "request_id", "assessments"), "JSON")
        ids = ", ".join(
            f"json_extract_string({where}, {field!r})"
            for where, field in (
                ("info", "$.trace_id"),
                ("info", "$.request_id"),
                ("to_json(trace_id)", "$"),
                ("to_json(request_id)", "$"),
            )
        )
        listed = "coalesce(json_extract(data, '$.spans'), to_json(spans))"
        # a table may hold them as a text of JSON
        text = (
            "CASE WHEN json_type(found) = 'VARCHAR' THEN CAST(json_extract_string(found, '$') AS JSON) "
            "ELSE found END"
        )
        spans = (
            f"SELECT trace, judged, unnest(CAST({text} AS JSON[])) AS s "
            f"FROM (SELECT coalesce({ids}) AS trace, {listed} AS found, {_JUDGED} AS judged "
            f"FROM {_jsonic(rows, wanted)})"
        )
        failed = ", ".join(f"'{each}'" for each in _FAILED)
        return (
            f"SELECT trace AS trace_id, {_first('span_id', 'context.span_id')} AS span_id, "
            f"nullif({_first('parent_span_id', 'parent_id')}, '') AS parent_id, "
            f"{_first('name')} AS name, "
            f"{nanoseconds(_first('start_time_unix_nano', 'start_time'))} AS began, "
            f"{nanoseconds(_first('end_time_unix_nano', 'end_time'))} AS ended, "
            f"coalesce(upper({_first('status.code', 'status_code')}) IN ({failed}), false) AS failed, "
            f"{attributes_in('attributes', attributes)} AS told, "
            f"list_concat({_MINE}, {of_json('attributes')}, "
            f"{events_in(_EVENTS)}) AS scored "
            f"FROM (SELECT trace, s, judged, json_extract(s, '$.attributes') AS attributes FROM ({spans}))"
        )


def _jsonic(rows: Rows, wanted: dict[str, str]) -> str:
    """The columns as JSON, whatever a table has them as."""
    found = rows.select(wanted)
    return found if rows.types is None else f"(SELECT to_json(COLUMNS(*)) FROM {found})"


def _first(*paths: str) -> str:
    found = ", ".join(f"json_extract_string(s, '$.{path}')" for path in paths)
    return f"coalesce({found})"


FORM = MlflowTraces()
