"""How long a request took, in milliseconds."""

from __future__ import annotations

from obs_dagster.discovery.column import Column
from obs_dagster.discovery.role import Role
from obs_dagster.discovery.sample import Sample


def _fits(column: Column, _: Sample) -> str:
    if not column.numeric or column.low is None or column.low < 0 or column.distinct < 2:  # noqa: PLR2004  it varies
        return ""
    return f"its values are from {column.low:.4g} to {column.high:.4g}, taken as milliseconds"


_WHAT = (
    "(latency|duration|elapsed|response_time|execution_time|processing_time|inference_time|run_?time|took)"
)

ROLE = Role(
    "latency_ms",
    "--latency",
    "Which column is the latency in milliseconds?",
    (
        f"(.*_)?{_WHAT}_?(ms|millis|milliseconds)",
        f"(request_|model_|serving_)?{_WHAT}",
    ),
    _fits,
)
