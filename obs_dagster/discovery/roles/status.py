"""How a request ended."""

from __future__ import annotations

import re

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

_MOST, _LONGEST = 50, 40
_SUCCESS = re.compile("ok|success(ful)?|succeeded|done|completed?|2[0-9]{2}", re.IGNORECASE)


def successes(column: Column) -> tuple[str, ...]:
    """The values that mean success, the most frequent first."""
    return tuple(value for value, _ in column.top if _SUCCESS.fullmatch(value.strip()))


def _fits(column: Column, _: Sample) -> str:
    if not column.present or column.distinct > _MOST or column.longest > _LONGEST:
        return ""
    good = successes(column)
    return f"{', '.join(good)} are successes" if good else ""


ROLE = Role(
    "status",
    "--status",
    "Which column says how the request ended?",
    ("(http|response|request|grpc)?_?status(_?code)?", "(http|response|result|return|error)_?code|.*_status"),
    _fits,
)
