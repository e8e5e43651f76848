"""The id of a prediction: another one in every row."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    if not column.unique or column.temporal or (column.numeric and not column.integral):
        return ""
    again = column.rows - column.distinct
    return "every row has its own" + (f" ({again:,} came again)" if again else "")


ROLE = Role(
    "prediction_id",
    "--id",
    "Which column identifies a prediction?",
    (
        "(prediction|pred|inference|scoring)_?(id|uuid|key)",
        "(request|event|call|message|row|record)_?(id|uuid|key)",
        "id|uuid|guid|key",
        ".*_?(id|uuid|guid|key)",
        ".*_(no|nr|num|number|ref|reference)",
    ),
    _fits,
    by_content=lambda column: column.unique and not column.numeric,
    sections=("logs",),
)
