"""The request whose items were ranked together: several rows share it."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_FEWEST_ROWS = 1.5


def _fits(column: Column, _: Sample) -> str:
    if not column.distinct or column.temporal or column.present < column.distinct * _FEWEST_ROWS:
        return ""
    if column.numeric and not column.integral:
        return ""
    return f"{column.present / column.distinct:.3g} rows share each"


ROLE = Role(
    "request",
    "--request",
    "Which column says which rows were ranked together?",
    (
        "(query|search|request|impression|slate|ranking|list|page_?view)_?(id|uuid|key)?|qid",
        "(session|visit|user_session)_?(id|uuid|key)?|.*_(query|search|request|impression|session)_id",
    ),
    _fits,
)
