"""The id of the distributed trace of a request."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    return "it has an id" if column.present and column.longest >= 16 else ""  # noqa: PLR2004  of 8 bytes


ROLE = Role(
    "trace_id",
    "--trace",
    "Which column is the id of the trace?",
    ("(otel_|w3c_|x_)?trace_?(id|parent)", "(x_)?(request_)?correlation_?id"),
    _fits,
)
