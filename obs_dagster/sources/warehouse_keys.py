"""What labels and predictions that stay in the warehouse are joined by: the id, or other columns together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from obs_dagster.errors import SourceError
from obs_dagster.lake.columns import DAY
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.log_labels import DAY_OF_KEY
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.label_table import label_table
from obs_dagster.sources.warehouse import column_of
from obs_dagster.sources.warehouse_casts import as_text, typed

if TYPE_CHECKING:
    import ibis

#: Between the values of several columns; no text of a table has it.
_BETWEEN = "\x1f"


def key_of_label(table: ibis.Table, labels: Labels) -> ibis.Value:
    """The key of a label as text; null where a part of it is.

    Raises:
        SourceError: the table lacks a column, or has one of a type that is no key.
    """
    place, keys = label_table(labels), labels.columns.in_log
    if not keys:
        name = str(labels.columns.prediction_id)
        return _text(column_of(table, name, place, "prediction_id"), name)
    parts = []
    for name, of_log in keys.items():
        value = column_of(table, name, place, "keys")
        if of_log == DAY_OF_KEY and not value.type().is_date() and not value.type().is_string():
            raise SourceError(
                f"{place.name}.{name} is of type {value.type()}, and of which day a time is depends on a "
                "zone.",
                remedy="Have a view give the day of the monitor's time zone, as a date or a text "
                "(2024-03-04), and name that in labels.columns.keys.",
            )
        parts.append(_text(value, name))
    return _together(parts)


def key_of_row(rows: ibis.Table, monitor: Monitor) -> ibis.Value:
    """The key of a prediction's label as text; null where a part of it is.

    Args:
        rows: declared rows of the log.
        monitor: names the columns.
    """
    import ibis

    keys = monitor.labels.columns.in_log if monitor.labels else {}
    if not keys:
        return rows[monitor.logs.columns.prediction_id]
    names = [DAY if name == DAY_OF_KEY else name for name in keys.values()]
    if not {*names} <= {*rows.columns}:
        # a day may lack a column
        return ibis.null("string")
    return _together([_text(rows[name], name) for name in names])


def finds_one(monitor: Monitor) -> bool:
    """Whether a label is of one prediction; else it may be of several, on whatever days."""
    return not (monitor.labels and monitor.labels.columns.in_log)


def _text(value: ibis.Value, name: str) -> ibis.Value:
    found = as_text(value)
    return typed(value, "VARCHAR", name)[0] if found is None else found


def _together(parts: Sequence[ibis.Value]) -> ibis.Value:
    import ibis

    if len(parts) == 1:
        return parts[0]
    found, there = parts[0], parts[0].notnull()
    for part in parts[1:]:
        found = found.concat(_BETWEEN, part)
        there &= part.notnull()
    # databases do not agree on what a text and nothing are together
    return there.ifelse(found, ibis.null("string"))
