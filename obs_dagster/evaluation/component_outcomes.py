"""Predictions with their labels, told apart by what components did in their requests.

Rows of the log meet the spans of their requests by the id of the trace. A cell is called as one of a segment
is, `component reranker bge=failed`, so everything that is told of segments is told of it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.baselines.stored import load_grids
from obs_dagster.engine.duckdb import DuckDBEngine
from obs_dagster.evaluation.night import Night
from obs_dagster.lake.columns import RESERVED
from obs_dagster.lake.lake import Table
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.elsewhere import rows_elsewhere
from obs_dagster.monitor.fairness import Fairness
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.system import PART_CUT, UNUSED
from obs_dagster.profile.grids.grid import CategoryGrid, Grids
from obs_dagster.profile.tables import COMPONENT_OUTCOMES, COMPONENT_PARTS
from obs_dagster.quality.validated import day_quality
from obs_dagster.sources.files import derived
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.purged import purged_on
from obs_dagster.spans.meaning import trace_key
from obs_dagster.spans.table import WHOLE_REQUEST
from obs_dagster.tasks.outcomes import OutcomeTable
from obs_dagster.tasks.protocol import task_of
from obs_dagster.telemetry.traces import span

_LAYOUT = 1
_MOST = 20
"""Components that quality is told by: those that the most requests use."""
_TOGETHER = 4
"""Components that are counted in one pass: rows are grouped by what all of these took."""
_COLUMN = f"{RESERVED}part_"


def component_outcomes(night: Night) -> Table:
    """The counts of days."""
    return night.lake.table(night.monitor.model, COMPONENT_OUTCOMES)


def matched_by(monitor: Monitor) -> str:
    """The column of the log that has the id of the trace; empty where rows cannot be matched with spans.

    What is personal is matched with nothing: what spans leave behind would tell whose it is.
    """
    if monitor.components is None or monitor.labels is None or rows_elsewhere(monitor):
        return ""
    roles = monitor.logs.columns
    column = monitor.components.match or roles.trace_id or roles.prediction_id
    return "" if column in monitor.personal else column


def stale_component_outcomes(night: Night) -> set[dt.date]:
    """Days whose counts no longer follow from their outcomes and from what is known of their requests."""
    if not matched_by(night.monitor):
        return set()
    parts = night.lake.table(night.monitor.model, COMPONENT_PARTS)
    logs, table = night.lake.table(night.monitor.model, LOGS), component_outcomes(night)
    return {
        day
        for day in parts.days()
        if night.outcomes.exists(day)
        and (table.readable(day) or {}).get("fingerprint") != _inputs(night, parts, day)
        # what was counted of rows that were removed since is what is known of them
        and not purged_on(logs.readable(day))
    }


def reduce_component_outcomes(night: Night, days: Iterable[dt.date]) -> Iterator[dt.date]:
    """Match the labelled rows of days with their requests, and replace the counts.

    Raises:
        LakeError: a day has not been validated.
    """
    kind, monitor = task_of(night.monitor).outcomes, night.monitor
    if kind is None:
        return
    parts = night.lake.table(monitor.model, COMPONENT_PARTS)
    for day in days:
        inputs = _inputs(night, parts, day)
        quality = day_quality(monitor, day, night.lake)
        found, known = kind.schema.empty_table(), 0
        if quality is not None and quality.evaluated:
            with span("component_outcomes", rows=quality.rows, day=str(day)):
                found, known = _reduced(night, day, kind)
        told = {"fingerprint": inputs, "rows": quality.rows if quality else 0, "known": known}
        component_outcomes(night).write(day, found, told)
        yield day


def matched_in_words(night: Night, day: dt.date) -> str:
    """Of how many rows of a day the spans are known, or why of none; empty without spans or labels."""
    monitor, column = night.monitor, matched_by(night.monitor)
    if monitor.components is None or monitor.labels is None:
        return ""
    if not column:
        return rows_elsewhere(monitor) or "what rows are matched by is personal, see `components.match`"
    found = component_outcomes(night).readable(day)
    if found is None:
        return "rows of the day were not matched with spans yet"
    told = f"of {found['rows']:,} rows {found['known']:,} have spans of their request, by `{column}`"
    return told if found["known"] else f"{told}: give `logs.columns.trace_id`, or `components.match`"


def _inputs(night: Night, parts: Table, day: dt.date) -> str:
    manifests = (night.outcomes.readable(day) or {}, parts.readable(day) or {})
    told = "|".join(str(each.get("fingerprint")) for each in manifests)
    asked = f"{told}|{matched_by(night.monitor)}|{_LAYOUT}"
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _reduced(night: Night, day: dt.date, kind: OutcomeTable) -> tuple[pa.Table, int]:
    """The counts of a day, and how many of its rows have spans."""
    monitor, key = night.monitor, matched_by(night.monitor)
    path = night.lake.table(monitor.model, COMPONENT_PARTS).path(day)
    parts = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    tables, known = [kind.schema.empty_table()], 0
    with DuckDBEngine().labelled_rows(monitor, [day], night.lake) as rows:
        log = rows.to_native()
        if key not in log.columns:
            return tables[0], 0
        request = trace_key(f"log.{identifier(key)}")
        of_rows = f"(SELECT DISTINCT {request} AS request FROM log)"
        known = derived(
            log, "log", f"SELECT count(*) FROM log SEMI JOIN {parts} AS parts ON parts.request = {request}"
        ).fetchall()[0][0]
        names = derived(
            log,
            "log",
            f"SELECT component, count(*) AS n FROM {parts} AS parts SEMI JOIN {of_rows} AS mine "
            f"USING (request) WHERE component <> {literal(WHOLE_REQUEST)} GROUP BY component "
            f"ORDER BY n DESC, component LIMIT {_MOST}",
        ).fetchall()
        named = [name for name, _ in names]
        for some in (named[place : place + _TOGETHER] for place in range(0, len(named), _TOGETHER)):
            joined = derived(log, "log", _joined(parts, request, some))
            grids = load_grids(monitor, night.lake)
            tables.append(outcomes_by_parts(nw.from_native(joined), monitor, grids, kind, some))
    return pa.concat_tables(tables).sort_by([(name, "ascending") for name in kind.keys]), known


def _joined(parts: str, request: str, names: Sequence[str]) -> str:
    """SQL for the rows that have spans, with what each component took in a column."""
    took = ", ".join(
        f"max(part) FILTER (WHERE component = {literal(name)}) AS {part_column(place)}"
        for place, name in enumerate(names)
    )
    told = ", ".join(
        f"coalesce(took.{part_column(place)}, {literal(UNUSED)}) AS {part_column(place)}"
        for place in range(len(names))
    )
    return (
        f"SELECT log.*, {told} FROM log JOIN (SELECT request, {took} FROM {parts} GROUP BY request) AS took "
        f"ON took.request = {request}"
    )


def part_column(place: int) -> str:
    """The column of rows that says what the component in this place did."""
    return f"{_COLUMN}{place}"


def outcomes_by_parts(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, kind: OutcomeTable, names: Sequence[str]
) -> pa.Table:
    """The outcomes of rows in the cells of components.

    Args:
        rows: rows of the log with their label, and what each component did in `part_column`.
        monitor: names the columns.
        grids: what columns are counted on.
        kind: what the task counts.
        names: the components.
    """
    columns = [part_column(place) for place in range(len(names))]
    known = {**grids.columns, **dict.fromkeys(columns, CategoryGrid())}
    apart = monitor.model_copy(update={"segments": tuple(columns), "fairness": Fairness()})
    counted = kind.reduce(rows, apart, dataclasses.replace(grids, columns=known), [])
    segments = counted["segment"]
    cells = counted.filter(pc.starts_with(segments, _COLUMN)).select(kind.schema.names)
    renamed = cells["segment"]
    for column, name in zip(columns, names, strict=True):
        renamed = pc.replace_substring_regex(renamed, f"^{column}=", f"{_cut(name)}=".replace("\\", "\\\\"))
    return cells.set_column(cells.schema.get_field_index("segment"), "segment", renamed).cast(kind.schema)


def _cut(component: str) -> str:
    """What a component is called among segments: neither `,` nor `=` is in it."""
    for plain, escape in (("%", "%25"), (",", "%2C"), ("=", "%3D")):
        component = component.replace(plain, escape)
    return f"{PART_CUT}{component}"
