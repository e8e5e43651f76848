"""What a night knows of a log, and of labels, whose rows stay in the warehouse: counts that it asks for."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.sources.log_table import log_table, versions_of_days
from obs_dagster.sources.warehouse_labels import count_labels
from obs_dagster.sources.warehouse_rows import PLACE, declared_rows, found_types, named, said, with_places

if TYPE_CHECKING:
    import ibis

STAYS = "in_warehouse"
"""Key of the manifest of a day whose rows were not copied."""

#: Rows' hashes are added up modulo a prime, so that sums stay exact in every database.
_PRIME = 2_147_483_629


@dataclass(frozen=True, slots=True)
class WarehouseCounts:
    """Counts a day's rows, and labels, where they are (see `Counted`)."""

    def counted(self, monitor: Monitor, day: dt.date, lake: Lake, known: Lake) -> dict[str, Any]:
        """What a day's log has, as its partition's manifest says it; no row is fetched.

        Where several rows are of one prediction the last one by time counts. The fingerprint changes with
        what any row says.

        Raises:
            SourceError: the warehouse cannot be read, or a column cannot be counted as what is declared.
        """
        del lake, known
        stamp = stamp_of_day(monitor, day)
        with log_table(monitor).opened() as (table,):
            types = found_types(table, monitor)
            rows = with_places(declared_rows(table, monitor, [day]), monitor)
            found = _by_version(rows, monitor)
            replaced = sum(int(row["replaced"]) for row in found)
            conflicts = _conflicts(rows, monitor) if replaced else 0
        versions = {row["version"]: int(row["kept"]) for row in found if row["version"] is not None}
        kept = sum(int(row["kept"]) for row in found)
        content = "\n".join(f"{row['version']} {row['kept']} {row['content']}" for row in found)
        fingerprint = hashlib.sha256(f"{types}\n{content}".encode()).hexdigest()[:16]
        return {
            "rows": kept,
            "duplicates": replaced,
            "conflicts": conflicts,
            "conflicting": [],
            "versions": dict(sorted(versions.items())),
            "files": [FileStamp(log_table(monitor).name, None, None, fingerprint).to_json()] if kept else [],
            "fingerprint": fingerprint,
            "stamp": stamp,
            "schema_changes": [
                {"kind": change.kind, "column": change.column, "text": str(change)}
                for change in LogSchema.of(monitor).changes(types)
            ],
            "columns": types,
            "source_rows": kept + replaced,
            "other_days": 0,
            STAYS: True,
        }

    def counted_labels(self, monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> dict[dt.date, int]:
        """Count the labels of days; returns those that changed, with their labels (see `Counted`)."""
        return count_labels(monitor, days, lake)


def stamp_of_day(monitor: Monitor, day: dt.date) -> str:
    """Changes with the number and the last time of each version's rows; empty if there are none."""
    return "; ".join(f"{name}: {each}" for name, each in versions_of_days(monitor, day, day).items())


def _by_version(rows: ibis.Table, monitor: Monitor) -> list[dict[str, Any]]:
    """Of each version, the rows that count, those that others replace, and what changes with any row."""
    import ibis

    roles = monitor.logs.columns
    content = said(rows, monitor, whole=True) % _PRIME
    counts = rows[PLACE] == 0
    if roles.prediction_id in rows.columns:
        counts |= rows[roles.prediction_id].isnull()
    version = rows[roles.version] if roles.version in rows.columns else ibis.null("string")
    grouped = rows.select(version=version, counts=counts.ifelse(1, 0), content=content).group_by("version")
    found = grouped.aggregate(
        kept=lambda each: each.counts.sum(),
        replaced=lambda each: (1 - each.counts).sum(),
        # of all rows, so that which of them counts is part of it
        content=lambda each: each.content.cast("int64").sum().cast("string"),
    )
    answer: list[dict[str, Any]] = found.to_pyarrow().to_pylist()
    return sorted(answer, key=lambda row: str(row["version"]))


def _conflicts(rows: ibis.Table, monitor: Monitor) -> int:
    """Ids whose rows say different things."""
    key = monitor.logs.columns.prediction_id
    keyed = rows.filter(rows[key].notnull())
    differing = (
        keyed.select(*{DAY, key, *named(monitor)}, content=said(keyed, monitor))
        .group_by(*named(monitor))
        .aggregate(contents=lambda each: each.content.nunique())
    )
    chosen = differing.filter(differing.contents > 1)
    [row] = chosen.aggregate(ids=chosen[key].nunique()).to_pyarrow().to_pylist()[:1] or [{"ids": 0}]
    return int(row["ids"] or 0)
