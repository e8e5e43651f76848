"""Current metric records: read them, and replace a scope of them as a re-evaluation demands."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypedDict

import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from obs_dagster.errors import HistoryError
from obs_dagster.history.names import storable, storable_text
from obs_dagster.history.tables import KEY, METRIC_HISTORY, METRICS
from obs_dagster.metrics.record import MetricRecord

_TOLERANCE = 1e-9
_FIELDS = tuple(field.name for field in fields(MetricRecord))
_COLUMNS = [METRICS.c[name] for name in _FIELDS]
# The order of MetricRecord.key, by which results are sorted.
_ORDER = [METRICS.c[name] for name in ("model", "version", "segment", "column", "metric", "day", "window")]
_ARROW = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "version", "segment", "column", "metric", "definition")),
        ("day", pa.date32()),
        ("window", pa.int32()),
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n", pa.int64()),
        ("error", pa.float64()),
        ("reason", pa.string()),
        ("computed_at", pa.timestamp("us", tz="UTC")),
        ("run_id", pa.string()),
    ]
)

_fields_of = attrgetter(*_FIELDS)
_name = lru_cache(maxsize=4_096)(storable)

_Key = tuple[str, str, str, str, str, dt.date, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """How many current records a replacement touched."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0


class Selection(TypedDict, total=False):
    """Which records of a model are wanted; a field that is left out or None stays open.

    Attributes:
        first, last: range of days, both included.
        days, versions, segments, columns, metrics, windows: the values that are wanted.
        as_of: the moment (UTC) whose records are wanted: what was known then. Left out: those that are known.
    """

    first: dt.date | None
    last: dt.date | None
    days: Collection[dt.date] | None
    versions: Collection[str] | None
    segments: Collection[str] | None
    columns: Collection[str] | None
    metrics: Collection[str] | None
    windows: Collection[int] | None
    as_of: dt.datetime | None


def _where(model: str, wanted: Selection, table: Table = METRICS) -> ColumnElement[bool]:
    """The condition in SQL; every value is a bound parameter."""
    terms: list[ColumnElement[bool]] = [table.c.model == model]
    if (first := wanted.get("first")) is not None:
        terms.append(table.c.day >= first)
    if (last := wanted.get("last")) is not None:
        terms.append(table.c.day <= last)
    for field, values in (
        ("day", wanted.get("days")),
        ("version", _stored(wanted.get("versions"))),
        ("segment", _stored(wanted.get("segments"))),
        ("column", _stored(wanted.get("columns"))),
        ("metric", wanted.get("metrics")),
        ("window", wanted.get("windows")),
    ):
        if values is not None:
            terms.append(table.c[field].in_(list(values)))
    if (as_of := wanted.get("as_of")) is not None:
        terms.append(table.c.computed_at <= as_of)
        if table is METRIC_HISTORY:
            terms.append(table.c.superseded_at > as_of)
    return and_(*terms)


def _stored(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else [storable(name) for name in names]


def _query(model: str, wanted: Selection) -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(_where(model, wanted)).order_by(*_ORDER)


def _rows(connection: Connection, model: str, wanted: Selection) -> Sequence[Row[Any]]:
    """Rows with the columns of a record, sorted by key."""
    rows = connection.execute(_query(model, wanted)).all()
    if wanted.get("as_of") is None:
        return rows
    replaced = [METRIC_HISTORY.c[name] for name in _FIELDS]
    query = select(*replaced).where(_where(model, wanted, METRIC_HISTORY))
    known: dict[_Key, Row[Any]] = {}
    # of two that were there, the later one had been computed by then and was still to be written
    for row in sorted([*rows, *connection.execute(query)], key=lambda row: row.computed_at):
        known.setdefault(_key(row), row)
    return [known[key] for key in sorted(known)]


def _key(row: Row[Any]) -> _Key:
    return (row.model, row.version, row.segment, row.column, row.metric, row.day, row.window)


def read(connection: Connection, model: str, wanted: Selection) -> list[MetricRecord]:
    """The records of a model that are known, or were at the moment that is asked for, sorted by key."""
    rows = _rows(connection, model, wanted)
    return [MetricRecord(*row) for row in rows]  # type: ignore[call-arg]  # columns in field order


def read_table(connection: Connection, model: str, wanted: Selection) -> pa.Table:
    """The same as an Arrow table with a column per field of MetricRecord."""
    rows = _rows(connection, model, wanted)
    columns = zip(*rows, strict=True) if rows else ((),) * len(_FIELDS)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, _ARROW.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_ARROW)


def values(connection: Connection, model: str, field: str, wanted: Selection) -> list[Any]:
    """The different values of a field of KEY that the records of a model have, sorted."""
    column = METRICS.c[field]
    query = select(column).where(_where(model, wanted)).distinct().order_by(column)
    return list(connection.execute(query).scalars())


def stamps(connection: Connection, model: str) -> dict[dt.date, str]:
    """Per day of a model a text that changes with any of its records: how many there are, and since when."""
    query = (
        select(METRICS.c.day, func.count(), func.max(METRICS.c.computed_at))
        .where(METRICS.c.model == model)
        .group_by(METRICS.c.day)
    )
    return {day: f"{number} to {latest}" for day, number, latest in connection.execute(query)}


def replace_scope(
    connection: Connection,
    records: Iterable[MetricRecord],
    *,
    model: str,
    scope: Selection,
    now: dt.datetime,
) -> Changes:
    """Make `records` the current ones of the scope; what differs or is left over becomes history.

    Records equal to the stored ones (numbers up to a relative 1e-9) stay untouched, with their first
    `computed_at`.

    Raises:
        HistoryError: a number is NaN or infinite.
        ValueError: a record lies outside the scope, or two have the same key.
    """
    wanted = _by_key(records, model=model, scope=scope)
    current = {record.key: record for record in read(connection, model, scope)}
    same = {key for key, record in wanted.items() if key in current and _equal(record, current[key])}
    gone = [record for key, record in current.items() if key not in same]
    new = [record for key, record in wanted.items() if key not in same]
    if gone:
        history = [{**_row(record), "superseded_at": now} for record in gone]
        connection.execute(insert(METRIC_HISTORY), history)
        key_matches = and_(*(METRICS.c[name] == bindparam(f"k_{name}") for name in KEY))
        connection.execute(
            delete(METRICS).where(key_matches),
            [{f"k_{name}": getattr(record, name) for name in KEY} for record in gone],
        )
    if new:
        connection.execute(insert(METRICS), [_row(record) for record in new])
    updated = sum(record.key in current for record in new)
    return Changes(
        inserted=len(new) - updated,
        updated=updated,
        unchanged=len(same),
        removed=len(gone) - updated,
    )


def _by_key(records: Iterable[MetricRecord], *, model: str, scope: Selection) -> dict[_Key, MetricRecord]:
    """The records as they will be stored, each checked."""
    days, metrics, windows = (
        None if values is None else frozenset[object](values)
        for values in (scope.get("days"), scope.get("metrics"), scope.get("windows"))
    )
    found: dict[_Key, MetricRecord] = {}
    for given in records:
        record = _stored_form(given)
        numbers = (record.value, record.low, record.high, record.error)
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise HistoryError(
                f"The metric {record.metric!r} of {record.model} version {record.version!r}, segment "
                f"{record.segment!r}, column {record.column!r} on {record.day} is not finite.",
                remedy="A metric without a value is stored as null with its reason.",
            )
        bounds = ((record.day, days), (record.metric, metrics), (record.window, windows))
        if record.model != model or any(among is not None and value not in among for value, among in bounds):
            raise ValueError(f"the record {record.key} lies outside the scope that is replaced")
        if record.key in found:
            raise ValueError(f"two records have the key {record.key}")
        found[record.key] = record
    return found


def _row(record: MetricRecord) -> dict[str, object]:
    return dict(zip(_FIELDS, _fields_of(record), strict=True))


def _stored_form(record: MetricRecord) -> MetricRecord:
    """The record with names that both databases can keep and numbers of Python's own types."""
    # not `replace`, which takes three times as long; a night has thousands of records
    return MetricRecord(
        model=record.model,
        version=_name(record.version),
        segment=_name(record.segment),
        column=_name(record.column),
        metric=record.metric,
        definition=record.definition,
        day=record.day,
        window=int(record.window),
        # numpy's scalars are no numbers to the drivers.
        value=None if record.value is None else float(record.value),
        low=None if record.low is None else float(record.low),
        high=None if record.high is None else float(record.high),
        n=int(record.n),
        error=float(record.error),
        reason=storable_text(record.reason) if record.reason else "",
        computed_at=record.computed_at,
        run_id=record.run_id,
    )


def _equal(one: MetricRecord, other: MetricRecord) -> bool:
    return (
        one.n == other.n
        and one.reason == other.reason
        and one.definition == other.definition
        and _close(one.value, other.value)
        and _close(one.low, other.low)
        and _close(one.high, other.high)
    )


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=1e-12)
