"""Requests that two versions have scored, summed up by nights and kept: no page reads rows for them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from obs_dagster.errors import LakeError
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.shadow_pairs import every_pair, pairs_in
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.lake.lake import Table
from obs_dagster.metrics.registry import definition
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.purged import purged_on
from obs_dagster.tasks.outcomes import HasComparisons
from obs_dagster.tasks.protocol import task_of
from obs_dagster.telemetry.traces import span
from obs_dagster.versus.day import Pairs

PAIRS = "pairs"
"""The table of the lake."""

_DAYS = 56
"""Days before the last one that are looked at, where nobody did yet."""

_SCHEMA = pa.schema([("one", pa.string()), ("other", pa.string()), ("sums", pa.string())])

Kept = Mapping[tuple[str, str, str], Pairs]
"""The pairs of a day by the two versions and the metric."""


def stale_pairs(night: Night) -> list[dt.date]:
    """Days whose pairs were not looked for since their outcomes have changed, ascending."""
    monitor = night.monitor
    if not _metrics(monitor) or monitor.labels is None or at_sites(monitor):
        return []
    table, logs = _table(night), night.lake.table(monitor.model, LOGS)
    days = night.outcomes.days()
    return [
        day
        for day in days
        if (days[-1] - day).days < _DAYS
        and (table.readable(day) or {}) != _made_of(night, day)
        # of rows that were removed since nobody can tell any more
        and not purged_on(logs.readable(day))
    ]


def count_pairs(night: Night, days: Iterable[dt.date]) -> Iterator[tuple[dt.date, int]]:
    """Look for requests that two versions have scored, and keep what they come to; with how many there are.

    Rows are read of days on which several versions served.

    Raises:
        LakeError: a day has not been validated, or its outcomes are damaged.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    monitor = night.monitor
    metrics, kind = _metrics(monitor), task_of(monitor).outcomes
    for day in days:
        made_of = _made_of(night, day)
        found: list[dict[str, Any]] = []
        if kind is not None and len(read_outcomes(night, day, kind).versions()) > 1:
            with span("pair requests", day=str(day), engine=monitor.engine.kind) as told:
                found = sorted(
                    every_pair(monitor, [day], night.lake, metrics),
                    key=lambda row: (row["one"], row["other"]),
                )
                told.set(rows=sum(int(row["n 0"]) for row in found))
        texts = [
            json.dumps({name: float(of) for name, of in row.items() if name not in ("day", "one", "other")})
            for row in found
        ]
        kept = {"one": [row["one"] for row in found], "other": [row["other"] for row in found], "sums": texts}
        _table(night).write(day, pa.table(kept, schema=_SCHEMA), made_of)
        yield day, sum(int(row["n 0"]) for row in found)


def kept_pairs(night: Night, day: dt.date) -> Kept:
    """The requests of a day that two versions have scored; none where nobody has looked for them yet."""
    table, metrics = _table(night), _metrics(night.monitor)
    if (table.readable(day) or {}).get("metrics") != metrics:
        return {}
    try:
        rows = table.read(day).to_pylist()
    except LakeError:
        # it is made anew by the next night
        return {}
    found: dict[tuple[str, str, str], Pairs] = {}
    for row in rows:
        sums = json.loads(row["sums"])
        for place, metric in enumerate(metrics):
            pairs = pairs_in(sums, place)
            if pairs.rows:
                found[row["one"], row["other"], metric] = pairs
                found[row["other"], row["one"], metric] = pairs.turned
    return found


def _metrics(monitor: Monitor) -> list[str]:
    kind = task_of(monitor).outcomes
    if kind is None or not isinstance(kind, HasComparisons):
        return []
    return [name for name in kind.compared if definition(name, monitor.task).better]


def _made_of(night: Night, day: dt.date) -> dict[str, Any]:
    outcomes = (night.outcomes.readable(day) or {}).get("fingerprint", "")
    return {"outcomes": outcomes, "metrics": _metrics(night.monitor)}


def _table(night: Night) -> Table:
    return night.lake.table(night.monitor.model, PAIRS)
