"""The id of a prediction: another one in every row, or in every row of a version."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.roles.version import ROLE as VERSION
from obs_dagster.discovery.sample import Sample

#: Rows of an id, on average, from which on versions score the same requests.
_SHARED = 1.5


def identifies(column: Column, sample: Sample) -> bool:
    """Whether a column's values tell rows apart: all of them, or those of each version."""
    return column.unique or _shared_by_versions(column, sample)


def _shared_by_versions(column: Column, sample: Sample) -> bool:
    """Whether versions score the same requests, and each has one row of an id."""
    if column.present < column.rows or column.rows < _SHARED * column.distinct:
        return False
    versions = (each for each in VERSION.claims(sample, sample.columns.values()) if each.by_name)
    version = next((sample.columns[each.column] for each in versions), None)
    if version is None or column.distinct * version.distinct < column.rows:
        return False
    return replace(column, distinct=sample.distinct(column.name, version.name)).unique


def _fits(column: Column, sample: Sample) -> str:
    if column.temporal or (column.numeric and not column.integral):
        return ""
    if column.unique:
        again = column.rows - column.distinct
        return "every row has its own" + (f" ({again:,} came again)" if again else "")
    return "every row of a version has its own" if _shared_by_versions(column, sample) else ""


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
