"""The rows of a log in a warehouse as a night evaluates them: as declared, one row per prediction, lazily."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from obs_dagster.lake.columns import DAY, RESERVED, UNCAST
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.sources.declared import decision_classes, decision_column, declared_types
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.log_table import within
from obs_dagster.sources.score_scale import probabilities
from obs_dagster.sources.warehouse import is_plain, readable
from obs_dagster.sources.warehouse_casts import as_class, scaled, typed

if TYPE_CHECKING:
    import ibis

PLACE = f"{RESERVED}place"


def found_types(table: ibis.Table, monitor: Monitor) -> dict[str, str]:
    """The type of each column of the log that can be read, as DuckDB names it."""
    from obs_dagster.sources.files import connect

    declared = {name: place for name in declared_types(monitor) if (place := place_of(name, table, monitor))}
    used = {place for name, place in declared.items() if place != name}
    columns = {
        name: readable(table[name])
        for name, kind in table.schema().items()
        if name not in declared and name not in used and is_plain(kind)
    }
    columns |= {name: readable(table[place]) for name, place in declared.items()}
    empty = table.select(**columns).schema().to_pyarrow().empty_table()
    with connect() as connection:
        relation = connection.from_arrow(empty)
        return dict(zip(relation.columns, map(str, relation.types), strict=True))


def place_of(name: str, table: ibis.Table, monitor: Monitor) -> str | None:
    """The column of the log that has a declared one; None if there is none."""
    place = monitor.features[name].column if name in monitor.features else None
    return next((each for each in (place or name,) if each in table.columns), None)


def uncast_mark(column: str) -> str:
    """Name of the column that says whether a row's value of a column has no form as declared."""
    return f"{UNCAST}_{column}"


def declared_rows(table: ibis.Table, monitor: Monitor, days: Sequence[dt.date]) -> ibis.Table:
    """The rows of days with the declared columns that there are, and with their day in the text `_obs_day`.

    Values that have no form as declared are null, and the columns `uncast_mark` say of which that is so.

    Args:
        table: the log.
        monitor: declares the columns.
        days: the days.

    Raises:
        SourceError: a column cannot be read as declared, or the table has no time of a timestamp type.
    """
    import ibis

    rows = table.filter(within(table, monitor, min(days), max(days)))
    schema = LogSchema.of(monitor)
    decided, scores = decision_column(monitor), probabilities(monitor)
    columns: dict[str, ibis.Value] = {DAY: _day_of(rows, monitor, days)}
    if monitor.logs.version is not None:
        columns[monitor.logs.columns.version] = ibis.literal(monitor.logs.version)
    for name, kind in schema.types.items():
        place = place_of(name, table, monitor)
        if name in columns or place is None:
            continue
        if name == decided:
            value, uncast = as_class(rows[place], decision_classes(monitor), name)
        else:
            value, uncast = typed(rows[place], kind, name)
        columns[name] = scaled(value, monitor.logs.scale) if name in scores else value
        if uncast is not None:
            columns[uncast_mark(name)] = uncast
    found = rows.select(**columns)
    if len(days) <= (max(days) - min(days)).days:
        found = found.filter(found[DAY].notnull())
    made = {
        each.column: each.derived.made(*(found[name] for name in each.derived.needs))
        for each in outputs(monitor)
        if each.derived is not None and each.derived.made and set(each.derived.needs) <= {*found.columns}
    }
    return found.mutate(**made) if made else found


def with_places(rows: ibis.Table, monitor: Monitor) -> ibis.Table:
    """The rows with their place among those of one prediction, from 0 on, in `PLACE`; the first one counts.

    That is the last one by time; of those of one time it is decided by what they say, so that each query
    takes the same.
    """
    import ibis

    roles = monitor.logs.columns
    if not {*named(monitor)} <= {*rows.columns}:
        return rows.mutate(**{PLACE: ibis.literal(0)})
    beside = [name for name in rows.columns if name not in (DAY, roles.time)]
    order = [rows[name].desc() for name in (roles.time, *beside)]
    window = ibis.window(group_by=[DAY, *named(monitor)], order_by=order)
    return rows.mutate(**{PLACE: ibis.row_number().over(window)})


def one_per_prediction(rows: ibis.Table, monitor: Monitor) -> ibis.Table:
    """The rows that count; those without an id are of no prediction, and stay."""
    placed = with_places(rows, monitor)
    if monitor.logs.columns.prediction_id not in rows.columns:
        return placed.drop(PLACE)
    counts = (placed[PLACE] == 0) | placed[monitor.logs.columns.prediction_id].isnull()
    return placed.filter(counts).drop(PLACE)


def named(monitor: Monitor) -> list[str]:
    """The columns that name a prediction of a day."""
    roles = monitor.logs.columns
    return [roles.prediction_id, roles.version] if monitor.identity == "version" else [roles.prediction_id]


def said(rows: ibis.Table, monitor: Monitor, *, whole: bool = False) -> ibis.Value:
    """A number that changes with what a row says of its prediction; the warehouse's own hash.

    Args:
        rows: declared rows.
        monitor: declares the columns.
        whole: whether when and how fast it was answered are part of it, and its id.
    """
    import ibis

    roles = monitor.logs.columns
    aside = {roles.prediction_id, roles.time, roles.latency_ms, roles.status, roles.trace_id}
    names = [name for name in rows.columns if name not in (DAY, PLACE) and (whole or name not in aside)]
    parts: list[ibis.Value] = []
    for name in names:
        text = rows[name].cast("string").fill_null("∅")
        parts += [ibis.literal(f"|{name}="), text]
    found = parts[0]
    for part in parts[1:]:
        found = found.concat(part)
    return found.hash()


def _day_of(rows: ibis.Table, monitor: Monitor, days: Sequence[dt.date]) -> ibis.Value:
    """The day of each row, as text; bounds are compared, so that no time zone is the warehouse's to know."""
    import ibis

    if len(days) == 1:
        return ibis.literal(str(days[0]))
    cases = [(within(rows, monitor, day, day), ibis.literal(str(day))) for day in days]
    return ibis.cases(*cases, else_=ibis.null("string"))
