"""The days of a run, as its tags have them."""

from __future__ import annotations

from collections.abc import Mapping

RANGE = "dagster/asset_partition_range"


def days_of_run(tags: Mapping[str, str]) -> str:
    """The day of a run, or the first and the last of its range: `2024-03-01 to 2024-03-03`."""
    first, last = (tags.get(f"{RANGE}_{end}") for end in ("start", "end"))
    return f"{first} to {last}" if first and last else tags.get("dagster/partition", "")
