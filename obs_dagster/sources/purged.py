"""Days whose rows the lake does not have any more, on purpose: the partition says since when, and stays.

Its manifest keeps what the source was like and how many rows there were, so nobody takes the day for a new
one, for one without rows, or for one whose log has changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import Table
from obs_dagster.monitor.model import Monitor
from obs_dagster.store import in_parts

_SINCE = "purged"


class PurgedError(LakeError):
    """A day's rows were removed when their time was over: it cannot be evaluated again."""


def purged_on(manifest: Mapping[str, Any] | None) -> str:
    """The day on which the rows of a partition were removed; empty if they were not."""
    return str((manifest or {}).get(_SINCE, ""))


def refuse_purged(monitor: Monitor, day: dt.date, manifest: Mapping[str, Any] | None) -> None:
    """Let nobody read or write the rows of a day that were removed.

    Raises:
        PurgedError: they were; it says when, and what is left.
    """
    if since := purged_on(manifest):
        raise PurgedError(
            f"{day} of {monitor.model} cannot be evaluated again: its rows were removed on {since}, as "
            "retention.logs says. What was evaluated stays.",
            remedy="If the source still has the day and it has to be evaluated anew, remove its folder of "
            "`inference_logs` in the lake and set retention.logs high enough first.",
        )


def purge_rows(table: Table, day: dt.date, today: dt.date, **changed: object) -> int:
    """Remove the rows of a day's partition; its manifest stays. Returns how many rows there were.

    Rows that are read in place are the source's own: they are not read any more, and stay where they are.

    Args:
        table: the table.
        day: the day.
        today: what the partition says from now on of when.
        changed: what else its manifest says from now on.
    """
    manifest = table.readable(day)
    if manifest is None or purged_on(manifest):
        return 0
    path = table.path(day)
    rows: int = pq.read_metadata(in_parts(path)).num_rows
    empty = pq.read_schema(in_parts(path)).empty_table()
    kept = {key: value for key, value in manifest.items() if key not in ("in_place", "conflicting")}
    table.write(day, empty, kept | changed | {_SINCE: today.isoformat()})
    return rows
