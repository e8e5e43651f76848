"""The position that an item was served on."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    if not column.integral or column.low not in (0, 1):
        return ""
    return f"its values are whole numbers from {column.low:.0f} to {column.high:.0f}"


ROLE = Role(
    "rank",
    "--rank",
    "Which column is the position that an item was served on?",
    (
        "rank|position|pos|slot|place",
        "(item|served|display|list|result)_?(rank|position|pos|slot)|rank(ing)?_(position|pos)",
    ),
    _fits,
)
