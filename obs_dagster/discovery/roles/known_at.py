"""When the true value became known."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    return "its values are moments" if column.temporal else ""


ROLE = Role(
    "known_at",
    "--known-at",
    "Which column says when the true value became known?",
    (
        "known(_?(at|on|since))?|(label(l?ed)?|outcome|actual|observed|resolved|confirmed|settled)_?(at|on|time|timestamp|ts|date)",
        "(updated|created|recorded|received|inserted|loaded)_?(at|on)|timestamp|ts|time|date_?time|.*_(at|ts|time|timestamp)",
        "date|.*_date",
    ),
    _fits,
    by_content=lambda column: not column.numeric,
    sections=("labels",),
)
