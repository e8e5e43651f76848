"""Service objectives: the log says what they are about."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, quoted

_TOLD_BY = {"availability": "status", "latency": "latency_ms"}


def objectives_have_their_columns(document: Document, _: Surroundings) -> Iterator[Problem]:
    """An objective needs the column of the log that tells: `status` or `latency_ms`."""
    declared = document.mapping("objectives")
    if declared is not None and not any(declared.get(name) is not None for name in _TOLD_BY):
        message = "It has no objective; give `availability`, `latency`, or both."
        yield document.problem(("objectives",), message, at_key=True)
    columns = document.mapping("logs", "columns")
    if declared is None or columns is None:
        return
    for name, role in _TOLD_BY.items():
        if declared.get(name) is not None and columns.get(role) is None:
            message = (
                f"The objective {quoted(name)} needs `logs.columns.{role}`, which this monitor does not have."
            )
            yield document.problem(("objectives", name), message, at_key=True)
