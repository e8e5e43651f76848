"""What was ranked."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_WHAT = (
    "item|product|doc(ument)?|article|movie|film|video|listing|sku|candidate|content|track|song|hotel|offer|ad|"
    "post|book|job|recipe|restaurant|asin|isbn"
)


def _fits(column: Column, _: Sample) -> str:
    if column.distinct <= 2 or column.temporal or (column.numeric and not column.integral):  # noqa: PLR2004
        return ""
    return f"{column.distinct:,} different ones"


ROLE = Role(
    "item",
    "--item",
    "Which column is the item that was ranked?",
    (f"({_WHAT})_?(id|uuid|key|code)", _WHAT, f".*_({_WHAT})(_id)?"),
    _fits,
)
