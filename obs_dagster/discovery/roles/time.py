"""When a prediction was made."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample

#: Hours by which a moment may lie off the day that its file names, whatever the time zone.
_EARLY, _LATE = -15.0, 39.0


def _fits(column: Column, sample: Sample) -> str:
    if not column.temporal:
        return ""
    hours = sample.hours(column.name)
    if hours is not None:
        return "they are moments of the days that the files name" if _near(hours) else ""
    return "its values are moments"


def _near(hours: tuple[float, float]) -> bool:
    return hours[0] >= _EARLY and hours[1] <= _LATE


ROLE = Role(
    "time",
    "--time",
    "Which column says when the prediction was made?",
    (
        "(predict(ed|ion)|pred|inference|scor(ed|ing)|request(ed)?|served|event|logged)_?(at|on|time|timestamp|ts|date(time)?)",
        "timestamp|ts|time|date_?time|at|time_?stamp_(ms|us|ns|s)",
        "(created|received|started|processed|inserted)_?(at|on|time|ts)|.*_(at|time|timestamp|ts|datetime)",
        "date|day|.*_(date|day|on)|.*_(ts|time|timestamp)_(ms|us|ns|s)|epoch.*",
    ),
    _fits,
    # numbers may be moments by chance
    by_content=lambda column: not column.numeric,
)
