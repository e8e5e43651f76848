"""Which version of the model made a prediction."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_MOST, _MOST_NUMBERS, _LONGEST = 50, 5, 100


def _fits(column: Column, _: Sample) -> str:
    most = _MOST_NUMBERS if column.numeric and not column.integral else _MOST
    if column.present < column.rows or not 0 < column.distinct <= most or column.longest > _LONGEST:
        return ""
    return f"it has {column.distinct} value{'s' * (column.distinct > 1)}: {column.listed()}"


ROLE = Role(
    "version",
    "--version-column",
    "Which column is the version of the model?",
    (
        "(model|mdl)_?(version|ver|v|rev|revision)",
        "version|ver|model_?(id|tag|release|sha|hash|variant)",
        "served_?(model|version)|deployed_?model_?id|deployment(_?(id|name))?|served_entity_id",
        "model(_name)?|variant|release|algo(rithm)?|.*version.*",
    ),
    _fits,
)
