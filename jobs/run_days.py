"""The days of a run, as its tags have them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

RANGE = "dagster/asset_partition_range"


def last_day_of_run(tags: Mapping[str, str]) -> dt.date | None:
    """The last day of a run, None if it names none."""
    last = tags.get(f"{RANGE}_end") or tags.get("dagster/partition")
    return dt.date.fromisoformat(last) if last else None


def days_of_run(tags: Mapping[str, str]) -> str:
    """The day of a run, or the first and the last of its range: `2024-03-01 to 2024-03-03`."""
    first, last = (tags.get(f"{RANGE}_{end}") for end in ("start", "end"))
    return f"{first} to {last}" if first and last else tags.get("dagster/partition", "")
