"""Tables of spans with an attribute a column, as Phoenix exports them: `Client.get_spans_dataframe`.

Parquet, or JSON by `DataFrame.to_json`; columns are called `context.span_id`, `attributes.llm.model_name`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from obs_dagster.lake.quoting import identifier
from obs_dagster.spans.form import Rows
from obs_dagster.spans.forms.span_lines import events_in
from obs_dagster.spans.moments import nanoseconds
from obs_dagster.spans.scores import listed, of_list

_TRACE, _SPAN = "context.trace_id", "context.span_id"
#: Phoenix takes the kind out of the attributes.
_RENAMED = {"openinference.span.kind": "span_kind"}


#: Lists of a table are columns; what begins with `trace.` is about the request.
_LISTS = tuple(f"attributes.{path}" for path, _ in listed())
_SCORED = (
    events_in("to_json(events)"),
    *(of_list(f"to_json({identifier(f'attributes.{path}')})", path, field) for path, field in listed()),
)


class SpanTable:
    """A row is a span."""

    name = "span_table"

    def claims(self, columns: Collection[str], *, json: bool) -> bool:  # noqa: ARG002  a table is either
        """Ids stand in columns of their own."""
        return {_TRACE, "start_time"} <= set(columns) and bool({_SPAN, "span_id"} & set(columns))

    def query(self, rows: Rows, attributes: Sequence[str]) -> str:
        """The rows; a table that was written with its index has the id of a span twice."""
        columns = [_TRACE, _SPAN, "span_id", "parent_id", "name", "start_time", "end_time", "status_code"]
        named = {name: f"attributes.{name}" for name in attributes}
        wanted = dict.fromkeys([*columns, *named.values(), *_RENAMED.values()], "VARCHAR")
        wanted |= dict.fromkeys(["events", *_LISTS], "JSON")
        values = ", ".join(_value(name, column) for name, column in named.items())
        start, end, trace = identifier("start_time"), identifier("end_time"), identifier(_TRACE)
        return (
            f"SELECT CAST({trace} AS VARCHAR) AS trace_id, "
            f"CAST(coalesce({identifier(_SPAN)}, span_id) AS VARCHAR) AS span_id, "
            "nullif(CAST(parent_id AS VARCHAR), '') AS parent_id, CAST(name AS VARCHAR) AS name, "
            f"{nanoseconds(start)} AS began, {nanoseconds(end)} AS ended, "
            "coalesce(upper(CAST(status_code AS VARCHAR)) = 'ERROR', false) AS failed, "
            f"[{values}] AS told, list_concat({', '.join(_SCORED)}) AS scored FROM {rows.select(wanted)}"
        )


def _value(name: str, column: str) -> str:
    found = f"CAST({identifier(column)} AS VARCHAR)"
    other = _RENAMED.get(name)
    return f"coalesce({found}, CAST({identifier(other)} AS VARCHAR))" if other else found


FORM = SpanTable()
